"""Progress in a terminal or a notebook."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Step = Callable[[str], None]


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Step]:
    """Show a bar on the standard error, or in a notebook a line below the cell, that goes when all is done.

    Parameters
    ----------
    total
        Number of steps.
    quiet
        Whether to show nothing.

    Yields
    ------
    Callable
        To be called before each step with what is done in it.
    """
    console = Console(stderr=True)
    shown = (
        _in_notebook(total + 1) if console.is_jupyter and not quiet else _in_terminal(total + 1, console, quiet=quiet)
    )
    with shown as step:
        yield step


@contextmanager
def _in_terminal(total: int, console: Console, *, quiet: bool) -> Iterator[Step]:
    """Show a bar."""
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("Reading", total=total)

        def step(words: str) -> None:
            bar.update(task, description=words, advance=1)

        yield step


@contextmanager
def _in_notebook(total: int) -> Iterator[Step]:
    """Show a line; a bar of rich needs ipywidgets in a notebook, and without them warns and shows nothing."""
    from IPython.display import display

    line, number = display({"text/plain": f"Reading (1 of {total})"}, raw=True, display_id=True), 1

    def step(words: str) -> None:
        nonlocal number
        number += 1
        line.update({"text/plain": f"{words} ({number} of {total})"}, raw=True)

    try:
        yield step
    finally:
        line.update({"text/plain": ""}, raw=True)
