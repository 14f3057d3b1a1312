"""Find the report of a run, or the reason of its failure, in ESMValCore's output."""

import html
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from esmlearn.bridge.refusals import ERROR_PREFIX
from esmlearn.errors import DataError
from esmlearn.files import write_text

_RECORD = re.compile(r"^(?P<level>[A-Z]+) +\[\d+\] (?P<message>.*)$")
_LINE_TO_REPORT = re.compile(r'\n<p id="esmlearn-report">.*?</p>', re.DOTALL)
_FAILED_SCRIPT = re.compile(r"failed with return code (?P<code>-?\d+)\. See the log in (?P<log>.*log\.txt)")


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


def find_reason(folder: Path) -> str:
    """Return one line on why the newest run failed, below the output of one run or many."""
    main_log = newest(folder, "main_log.txt")
    if main_log is None:
        raise DataError(f"there is no run in {folder}; if one was just refused, ESMValCore said above why.")
    text = main_log.read_text(encoding="utf-8", errors="replace")
    if "Run was successful" in text:
        return f"The newest run was successful: {main_log.parent.parent}"
    if scripts := list(_FAILED_SCRIPT.finditer(text)):
        return _reason_of_script(Path(scripts[-1]["log"]), int(scripts[-1]["code"]))
    return f"{_last_error(text) or 'The run was cut short.'} (see {main_log})"


def _reason_of_script(log: Path, code: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    if refusals := [line for line in lines if line.startswith(ERROR_PREFIX)]:
        return refusals[-1]
    if code < 0:
        why = " (there may have been too little memory)" if -code == signal.SIGKILL else ""
        return f"The script was stopped by {signal.Signals(-code).name}{why}, see {log}"
    last = next((line for line in reversed(lines) if line.strip()), "The script said nothing.")
    return f"{last} (see {log})"


def _last_error(main_log: str) -> str:
    """Return the last line of the last error in ESMValCore's log, which is the exception if there is a traceback."""
    last, in_error = "", False
    for line in main_log.splitlines():
        if record := _RECORD.match(line):
            in_error = record["level"] == "ERROR"
            line = record["message"]
        if in_error and line.strip() and not line.startswith(" "):
            last = line
    return last
