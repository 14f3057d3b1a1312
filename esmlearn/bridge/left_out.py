"""What a script has left out, as a file that later scripts read."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from esmlearn.bridge.diagnostic import log_provenance
from esmlearn.errors import EsmlearnError
from esmlearn.files import write_text
from esmlearn.tasks.left_out import LeftOut

FILE = "left_out.json"


def write_left_out(cfg: dict[str, Any], dataset: str, left_out: Sequence[LeftOut], ancestors: Iterable[str]) -> None:
    """Write what is missing of a dataset, each with its first reason, and record the file; none if nothing is."""
    file = Path(cfg["work_dir"], FILE)
    file.unlink(missing_ok=True)  # of an earlier attempt
    if not left_out:
        return
    first = {one.what: one for one in reversed(left_out)}
    entries = [{"dataset": dataset, "what": one.what, "why": one.why, "fault": one.fault} for one in first.values()]
    write_text(file, json.dumps(entries[::-1], indent=1))
    caption = f"What failed of {dataset} and was left out, with the reasons."
    record = {"caption": caption, "ancestors": [*ancestors], "authors": ["esmlearn_team"], "domains": ["reg"]}
    log_provenance(file, record, cfg)


def read_left_out(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """Read what scripts have left out, from their work folders."""
    files = (folder / FILE for folder in folders)
    return [entry for file in files if file.is_file() for entry in json.loads(file.read_text(encoding="utf-8"))]


def check_faults(left_out: Iterable[dict[str, Any]], page: Path) -> None:
    """End a run that is complete but for faults of the program with an error that says so.

    Raises
    ------
    EsmlearnError
        If anything was left out by a fault of the program.
    """
    faults = [f"{entry['what']} of {entry['dataset']}" for entry in left_out if entry["fault"]]
    if faults:
        raise EsmlearnError(
            f"{'; '.join(faults)}: left out by a fault of the program, whose traceback is in the log.txt of its script;"
            f" please report it. All else is in {page}."
        )
