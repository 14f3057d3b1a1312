"""Why a run failed, in one sentence: the first cause among the many lines that ESMValCore writes."""

import re
import signal
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from esmlearn.bridge.refusals import ERROR_PREFIX
from esmlearn.bridge.runs import newest
from esmlearn.errors import DataError

_RECORD = re.compile(r"^(?P<level>[A-Z]+) +\[\d+\] (?P<message>.*)$")
_FAILED_SCRIPT = re.compile(r"failed with return code (?P<code>-?\d+)\. See the log in (?P<log>.*log\.txt)")
_DATASET = re.compile(r"^- Missing data for Dataset: (?P<facets>.*)$", re.MULTILINE)
_PATTERN = re.compile(r"No files found matching glob pattern (?P<pattern>\S+)")
_YEARS = re.compile(r"No input data available for years (?P<years>\S+) in files:\n(?P<file>.*)")
_STEP = re.compile(r"Failed to run preprocessor function '(?P<step>\w+)'")
_FILE = re.compile(r"LocalFile\('(?P<file>[^']+)'\)")
_EXCEPTION = re.compile(r"^[\w.]*?(?P<name>\w*(?:Error|Exception|Found|Interrupt))(?:: (?P<message>.*))?$")

_HINTS = {
    "does not match input data": (
        "ESMValCore accepts no time axis with missing or doubled days; `esmvaltool learn format` writes such files "
        "anew, with a complete time axis"
    ),
    "is out of bounds for axis": "the region of the preprocessor holds no cell of the data; choose another region",
}
"""What to do, by a part of an exception's message that does not say it."""


class Record(NamedTuple):
    """A record of ESMValCore's log: its level, and its lines."""

    level: str
    text: str


def find_reason(folder: Path) -> str:
    """Return one line on why the newest run failed, below the output of one run or many.

    Raises
    ------
    DataError
        If there is no run.
    """
    main_log = newest(folder, "main_log.txt")
    if main_log is None:
        raise DataError(f"there is no run in {folder}; if one was just refused, ESMValCore's message is above.")
    text = main_log.read_text(encoding="utf-8", errors="replace")
    if "Run was successful" in text:
        return f"The newest run was successful: {main_log.parent.parent}"
    if scripts := list(_FAILED_SCRIPT.finditer(text)):
        return _reason_of_script(Path(scripts[-1]["log"]), int(scripts[-1]["code"]))
    return f"{_first_cause(text) or 'The run was cut short.'} (see {main_log})"


def _reason_of_script(log: Path, code: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    if refusals := [line for line in lines if line.startswith(ERROR_PREFIX)]:
        return refusals[-1]
    if code < 0:
        why = " (there may have been too little memory)" if -code == signal.SIGKILL else ""
        return f"The script was stopped by {signal.Signals(-code).name}{why}, see {log}"
    last = next((line for line in reversed(lines) if line.strip()), "The script left no message.")
    return f"{last} (see {log})"


def _first_cause(main_log: str) -> str | None:
    """Say what went wrong first; None if the log has no error."""
    errors = [record.text for record in _records(main_log) if record.level == "ERROR"]
    text = "\n".join(errors)
    if missing := _missing_data(text):
        return missing
    exception = _exception(text)
    if step := _STEP.search(text):
        files = " and ".join(dict.fromkeys(match["file"] for match in _FILE.finditer(text)))
        return f"the preprocessor's `{step['step']}` refused {files or 'the data'}: {exception or 'see the log'}"
    # This heading says nothing; the cause follows it, in the same record or in the next one.
    causes = [line for error in errors for line in error.removeprefix("Could not create all tasks").splitlines()]
    return exception or next((line for line in causes if line.strip()), None) or next(iter(errors), None)


def _missing_data(errors: str) -> str | None:
    """Say which files or years are missing; None if none are."""
    if years := _YEARS.search(errors):
        return f"{years['file']} has no data of the years {years['years']}; change `timerange`, or get those files too."
    datasets = [match["facets"] for match in _DATASET.finditer(errors)]
    if not datasets:
        return None
    patterns = " or ".join(dict.fromkeys(match["pattern"] for match in _PATTERN.finditer(errors)))
    where = f", looked for as {patterns}" if patterns else ""
    return (
        f"no file was found of {' and of '.join(f'({facets})' for facets in datasets)}{where}; correct the dataset in "
        "the recipe, or the folders in the configuration of ESMValCore."
    )


def _exception(errors: str) -> str | None:
    """Give the last exception with its first details, and what to do where it does not say it; None without one."""
    lines = errors.splitlines()
    found = [(index, match) for index, line in enumerate(lines) if (match := _EXCEPTION.match(line))]
    if not found:
        return None
    index, match = found[-1]
    # ESMValCore's checks list what they found in further lines, and then print the cube.
    details = takewhile(lambda line: line != "in cube:", lines[index + 1 : index + 4])
    message = " ".join([match["message"] or "", *map(str.strip, details)]).strip()
    hint = next((f"; {hint}." for part, hint in _HINTS.items() if part in message), "")
    return f"{match['name']}: {message}{hint}"


def _records(log: str) -> Iterator[Record]:
    """Split a log into its records, whose texts may have several lines."""
    level, lines = "", list[str]()
    for line in log.splitlines():
        if start := _RECORD.match(line):
            yield Record(level, "\n".join(lines))
            level, lines = start["level"], [start["message"]]
        else:
            lines.append(line)
    yield Record(level, "\n".join(lines))
