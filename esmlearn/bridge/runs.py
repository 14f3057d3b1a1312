"""Find the report of a run in ESMValCore's output, and lead its overview to it."""

import html
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from esmlearn.errors import DataError
from esmlearn.files import write_text

_LINE_TO_REPORT = re.compile(r'\n<p id="esmlearn-report">.*?</p>', re.DOTALL)


def newest(folder: Path, name: str) -> Path | None:
    """Return the newest file of this name in or below a folder."""
    return max(folder.rglob(name), key=lambda path: path.stat().st_mtime, default=None)


def find_report(folder: Path) -> Path:
    """Return the newest report below the output of one run or many; ESMValCore's overview if there is no report."""
    report = newest(folder, "report.html") or newest(folder, "index.html")
    if report is None:
        raise DataError(
            f"there is no report in {folder}: run a recipe first, or name the folder that its output went to."
        )
    return report.absolute()


def link_report(report: Path, *, write: Callable[[Path, str], None] = write_text) -> None:
    """Add a line with links to all reports of a run below the heading of its overview; a second call changes nothing.

    ESMValCore lists pictures and netCDF only, and escapes captions, so that no script can put a link there. Nothing
    happens where there is no overview, or where it may not be written, such as that of a colleague.

    Parameters
    ----------
    report
        A report as `find_report` gives it: RUN/work/DIAGNOSTIC/SCRIPT/report.html.
    write
        Function that writes the overview.
    """
    if report.name != "report.html" or len(report.parents) < 4 or report.parents[2].name != "work":
        return
    run = report.parents[3]
    index = run / "index.html"
    if not index.is_file():
        return
    paths = [path.relative_to(run).as_posix() for path in sorted(run.glob("work/*/*/report.html"))]
    links = ", ".join(f'<a href="{quote(path)}">{html.escape(path)}</a>' for path in paths)
    before = index.read_text(encoding="utf-8")
    head, heading, rest = _LINE_TO_REPORT.sub("", before).partition("</h1>")
    after = f'{head}{heading}\n<p id="esmlearn-report">The whole report, with all scores and figures: {links}</p>{rest}'
    if heading and after != before:
        with suppress(OSError):
            write(index, after)
