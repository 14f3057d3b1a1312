"""Reports are found, and failures explained."""

import os

import pytest

from esmlearn.bridge.runs import find_reason, find_report
from esmlearn.errors import DataError


def write(path, text="", *, age=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    stamp = path.stat().st_mtime - age
    os.utime(path, (stamp, stamp))
    return path


def test_the_newest_report_counts(tmp_path):
    write(tmp_path / "recipe_1" / "plots" / "a" / "report" / "report.html", age=60)
    new = write(tmp_path / "recipe_2" / "plots" / "a" / "report" / "report.html")
    write(tmp_path / "recipe_2" / "index.html")
    assert find_report(tmp_path) == new


def test_a_recipe_without_report_has_its_overview(tmp_path, monkeypatch):
    index = write(tmp_path / "recipe_1" / "index.html")
    monkeypatch.chdir(tmp_path)
    assert find_report(tmp_path / "recipe_1") == index


@pytest.mark.parametrize("find", [find_report, find_reason])
def test_nothing_there_is_told(tmp_path, find):
    with pytest.raises(DataError, match="there is no"):
        find(tmp_path / "nowhere")


def failed_run(folder, log_lines, code=1):
    log = write(folder / "run" / "sst" / "train" / "log.txt", "\n".join(log_lines))
    write(
        folder / "run" / "main_log.txt",
        f"INFO    [42] Starting task sst/train\n"
        f"ERROR   [42] Program terminated abnormally\nTraceback:\n"
        "esmvalcore._task.DiagnosticError: Diagnostic script diagnostics/train.py failed with return code"
        f" {code}. See the log in {log}\n",
    )


@pytest.mark.parametrize(
    ("lines", "code", "reason"),
    [
        (["…", "ERROR esmlearn: tos has no ocean.", ""], 1, "ERROR esmlearn: tos has no ocean."),
        (["Traceback", "  line 3", "ValueError: ours", ""], 1, "ValueError: ours (see "),
        (["step 12"], -9, "The script was stopped by SIGKILL (there may have been too little memory), see "),
        ([], 1, "The script said nothing."),
    ],
)
def test_the_scripts_own_words_explain_a_failure(tmp_path, lines, code, reason):
    failed_run(tmp_path / "recipe_1", lines, code)
    assert find_reason(tmp_path).startswith(reason)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("Could not create all tasks\nMissing data for OBS6 tos", "Missing data for OBS6 tos"),
        ("Program terminated abnormally\nTraceback:\n  line 3\nValueError: Tag 'x'", "ValueError: Tag 'x'"),
    ],
)
def test_without_a_script_esmvalcores_error_explains_it(tmp_path, error, reason):
    log = f"INFO    [42] Starting\nERROR   [42] {error}\nINFO    [42] \nNeed help?\n"
    write(tmp_path / "run" / "main_log.txt", log)
    assert find_reason(tmp_path).startswith(f"{reason} (see ")


def test_success_and_interruption_are_told_apart(tmp_path):
    write(tmp_path / "a" / "run" / "main_log.txt", "INFO    [42] Run was successful\n")
    write(tmp_path / "b" / "run" / "main_log.txt", "INFO    [42] Starting\n")
    assert "successful" in find_reason(tmp_path / "a")
    assert "cut short" in find_reason(tmp_path / "b")
