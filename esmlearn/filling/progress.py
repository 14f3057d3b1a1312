"""Progress in a terminal or a notebook."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show a bar on the standard error, or in a notebook below the cell, that goes when all is done.

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
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("Reading", total=total + 1)

        def step(words: str) -> None:
            bar.update(task, description=words, advance=1)

        yield step
