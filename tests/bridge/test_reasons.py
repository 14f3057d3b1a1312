"""The first cause of a failure is found among the many lines of ESMValCore's log."""

import pytest

from esmlearn.bridge.reasons import find_reason
from esmlearn.errors import DataError


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_an_empty_folder_has_no_run(tmp_path):
    with pytest.raises(DataError, match="there is no run"):
        find_reason(tmp_path / "nowhere")


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
        ([], 1, "The script left no message."),
    ],
)
def test_the_message_of_the_script_explains_a_failure(tmp_path, lines, code, reason):
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


def test_success_and_interruption_differ(tmp_path):
    write(tmp_path / "a" / "run" / "main_log.txt", "INFO    [42] Run was successful\n")
    write(tmp_path / "b" / "run" / "main_log.txt", "INFO    [42] Starting\n")
    assert "successful" in find_reason(tmp_path / "a")
    assert "cut short" in find_reason(tmp_path / "b")


MISSING = """ERROR   [42] No files were found for Dataset:
{'dataset': 'NoSuch'}
using data sources:
- data source: LocalDataSource(name='demo')
  message: No files found matching glob pattern demo_data/Tier2/NoSuch/OBS6_NoSuch_*nc
ERROR   [42] Set 'log_level' to 'debug' to get more information
ERROR   [42] Could not create all tasks
ERROR   [42] Missing data for preprocessor sst/tos:
- Missing data for Dataset: tos, Oday, OBS6, NoSuch, day, 1
ERROR   [42] Not all input files required to run the recipe could be found.
ERROR   [42] To see your current configuration, run the command `esmvaltool config show`.
INFO    [42] Maximum memory used (estimate): 0.3 GB
ERROR   [42] Could not create all tasks
"""

YEARS = """ERROR   [42] Could not create all tasks
ERROR   [42] Missing data for preprocessor sst/tos:
- No input data available for years 2005-2050 in files:
demo_data/tos_20010101-20041231.nc
ERROR   [42] Not all input files required to run the recipe could be found.
ERROR   [42] Could not create all tasks
"""

TIMES = """INFO    [42] Starting task sst/tos
ERROR   [42] Failed to run preprocessor function 'cmor_check_metadata' on the data
[<iris 'Cube' of sea_surface_temperature / (degC) (time: 59)>]
loaded from original input file(s)
[LocalFile('data/tos_20010101-20010301.nc')]
with function argument(s)
check_level = <CheckLevels.DEFAULT: 3>,
ERROR   [42] Program terminated abnormally, see stack trace below for more information:
Traceback (most recent call last):
  File "check.py", line 221, in report_errors
    raise CMORCheckError(msg)
esmvalcore.cmor.check.CMORCheckError: There were errors in variable tos:
 time: Frequency day does not match input data
in cube:
sea_surface_temperature / (degC)    (time: 59; latitude: 64)
loaded from file
INFO    [42]
If you have a question or need help, please start a new discussion
"""

UNKNOWN = """ERROR   [42] Could not create all tasks
ERROR   [42] Unknown preprocessor 'oceann' in variable tos of diagnostic sst
INFO    [42] Maximum memory used (estimate): 0.3 GB
ERROR   [42] Could not create all tasks
"""


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            MISSING,
            "no file was found of (tos, Oday, OBS6, NoSuch, day, 1), looked for as"
            " demo_data/Tier2/NoSuch/OBS6_NoSuch_*nc; correct the dataset",
        ),
        (YEARS, "demo_data/tos_20010101-20041231.nc has no data of the years 2005-2050; change `timerange`"),
        (
            TIMES,
            "the preprocessor's `cmor_check_metadata` refused data/tos_20010101-20010301.nc: CMORCheckError: There were"
            " errors in variable tos: time: Frequency day does not match input data; ESMValCore accepts no time axis"
            " with missing or doubled days; `esmvaltool learn format` writes such files anew",
        ),
        (UNKNOWN, "Unknown preprocessor 'oceann' in variable tos of diagnostic sst (see "),
    ],
)
def test_the_first_cause_is_named(tmp_path, log, reason):
    write(tmp_path / "run" / "main_log.txt", log)
    assert find_reason(tmp_path).startswith(reason)
