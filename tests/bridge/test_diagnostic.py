"""A script's settings, products, provenance, and its end."""

import errno
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask.array as da
import iris
import matplotlib.pyplot as plt
import numpy as np
import pytest
import yaml
from iris.cube import Cube

from esmlearn.bridge.diagnostic import log_provenance, run_diagnostic, save_data, save_figure
from esmlearn.bridge.stopping import STARTED_BY
from esmlearn.errors import DataError

SCRIPTS = Path(__file__).parents[2] / "diagnostics"
RECORD = {"caption": "Température de surface.", "ancestors": ["preproc/tos.nc"], "authors": ["esmlearn_team"]}


@pytest.fixture(autouse=True)
def _quiet_root_logger():
    """Give back the log as it was."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def cfg(tmp_path):
    """Write the files that ESMValCore writes for a script."""
    preproc = tmp_path / "preproc"
    ancestor = tmp_path / "work" / "train"
    for folder in (preproc, ancestor, tmp_path / "run"):
        folder.mkdir(parents=True)
    (preproc / "metadata.yml").write_text(yaml.safe_dump({"tos.nc": {"filename": "tos.nc", "dataset": "DEMO"}}))
    (ancestor / "more_metadata.yml").write_text(yaml.safe_dump({"sos.nc": {"filename": "sos.nc"}}))
    settings = {
        "script": "diagnostics/train.py",
        "input_files": [str(preproc / "metadata.yml"), str(ancestor)],
        "run_dir": str(tmp_path / "run"),
        "work_dir": str(tmp_path / "work" / "mine"),
        "plot_dir": str(tmp_path / "plots" / "mine"),
        "log_level": "info",
        "output_file_type": "png",
        "epochs": 3,
    }
    (tmp_path / "run" / "settings.yml").write_text(yaml.safe_dump(settings))
    return settings


def run(cfg):
    """Start a script as ESMValCore does."""
    return run_diagnostic(["train.py", f"{cfg['run_dir']}/settings.yml"])


def provenance(cfg):
    return yaml.safe_load(Path(cfg["run_dir"], "diagnostic_provenance.yml").read_text())


def test_settings_and_the_data_of_all_ancestors_arrive(cfg):
    here = Path.cwd()
    with run(cfg) as got:
        assert Path.cwd() == here
        assert got["epochs"] == 3
        assert got["input_data"] == {
            "tos.nc": {"filename": "tos.nc", "dataset": "DEMO"},
            "sos.nc": {"filename": "sos.nc"},
        }
        assert Path(cfg["work_dir"]).is_dir()
        assert Path(cfg["plot_dir"]).is_dir()


def test_a_second_attempt_starts_with_an_empty_record_and_keeps_its_files(cfg):
    with run(cfg) as got:
        save_data("field", RECORD, got, Cube(np.zeros(2)))
    with run(cfg) as got:
        assert not Path(cfg["run_dir"], "diagnostic_provenance.yml").exists()
        assert Path(cfg["work_dir"], "field.nc").is_file()


def test_an_error_of_the_user_ends_in_one_line(cfg, capsys):
    with pytest.raises(SystemExit) as stop, run(cfg):
        raise DataError("tos has no ocean;\n choose another region.")
    assert stop.value.code == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "ERROR esmlearn: tos has no ocean; choose another region."


def test_a_full_disk_ends_in_one_line(cfg, capsys):
    with pytest.raises(SystemExit), run(cfg):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.safetensors")
    assert "no space is left for model.safetensors" in capsys.readouterr().out


@pytest.mark.parametrize("error", [ValueError("ours"), PermissionError("not yours")])
def test_other_errors_keep_their_traceback(cfg, error):
    with pytest.raises(type(error)), run(cfg):
        raise error


def test_a_script_without_settings_says_how_it_is_started(capsys):
    with pytest.raises(SystemExit), run_diagnostic(["train.py"]):
        pass
    assert "esmvaltool run" in capsys.readouterr().out


def test_data_and_figures_are_saved_with_their_records(cfg):
    cube = Cube(np.arange(3.0), var_name="tos", units="degC", attributes={"comment": "synthetic"})
    figure = plt.figure()
    with run(cfg) as got:
        data = save_data("field", RECORD, got, cube)
        image = save_figure("map", RECORD | {"plot_types": ["map"]}, got, figure, dpi=40)
    assert image.read_bytes().startswith(b"\x89PNG")
    assert not plt.fignum_exists(figure.number)
    back = iris.load_cube(data)
    assert back.units == "degC"
    assert back.attributes["comment"] == "synthetic"
    assert provenance(cfg) == {str(data): RECORD, str(image): RECORD | {"plot_types": ["map"]}}


def test_a_failed_save_leaves_the_old_file_and_no_record(cfg):
    """Here the values themselves fail, when iris computes them while it writes."""
    lazy = da.zeros(3).map_blocks(lambda block: 1 // 0, dtype=float, meta=np.zeros(0))
    with run(cfg) as got:
        data = Path(got["work_dir"], "field.nc")
        data.write_bytes(b"whole")
        with pytest.raises(ZeroDivisionError):
            save_data("field", RECORD, got, Cube(lazy))
        assert data.read_bytes() == b"whole"
        assert [file.name for file in data.parent.iterdir()] == ["field.nc"]
        assert not Path(cfg["run_dir"], "diagnostic_provenance.yml").exists()


def test_a_product_is_recorded_once(cfg):
    log_provenance("a.nc", RECORD, cfg)
    with pytest.raises(KeyError, match=r"a\.nc"):
        log_provenance("a.nc", RECORD, cfg)
    assert provenance(cfg) == {"a.nc": RECORD}


def test_a_second_process_in_one_folder_is_refused(cfg, capsys):
    with run(cfg) as first:
        save_data("field", RECORD, first, Cube(np.zeros(2)))
        with pytest.raises(SystemExit), run(cfg):
            pass
        save_data("other", RECORD, first, Cube(np.zeros(2)))
        assert len(provenance(cfg)) == 2
    assert "Another process runs this script" in capsys.readouterr().out
    with run(cfg):
        pass


def test_files_of_a_killed_write_are_removed_at_the_start(cfg):
    left = Path(cfg["work_dir"], ".field.0123abcd.nc")
    left.parent.mkdir(parents=True)
    left.touch()
    with run(cfg):
        assert not left.exists()


@pytest.mark.parametrize(
    "stop", [lambda: os.kill(os.getpid(), signal.SIGTERM), lambda: signal.raise_signal(signal.SIGINT)]
)
def test_a_stop_ends_in_one_line_that_says_how_to_go_on(cfg, capsys, stop):
    with pytest.raises(SystemExit) as ended, run(cfg):
        stop()
    assert ended.value.code == 130
    assert "training.resume" in capsys.readouterr().out.splitlines()[-1]


def test_a_script_stops_when_esmvaltool_is_gone(cfg, monkeypatch):
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setenv(STARTED_BY, str(gone.pid))
    with pytest.raises(SystemExit), run(cfg):
        time.sleep(20)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"), RuntimeError("CUDA out of memory.")],
)
def test_too_little_memory_says_what_to_lower(cfg, capsys, error):
    with pytest.raises(SystemExit), run(cfg):
        raise error
    assert "lower `training.batch_size`" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["run_dir", "work_dir", "plot_dir"])
def test_a_folder_that_can_not_be_written_to_is_told_at_the_start(cfg, folder, monkeypatch, capsys):
    """Not after hours of training."""

    def refuse(*, dir):  # noqa: A002 (as tempfile has it)
        if Path(dir) == Path(cfg[folder]):
            raise OSError(errno.EROFS, "Read-only file system", str(Path(dir, "tmp")))
        return Path(dir, "tmp").open("wb+")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(SystemExit), run(cfg):
        pytest.fail("the script has started")
    assert f"{cfg[folder]} can't be written: its disk is read-only" in capsys.readouterr().out


def test_each_process_of_several_is_refused_before_it_makes_a_folder(cfg):
    """As `torchrun` starts them: they would meet each other's lock, or wait for each other."""
    command = [sys.executable, str(SCRIPTS / "train.py"), f"{cfg['run_dir']}/settings.yml"]
    environment = os.environ | {"WORLD_SIZE": "2", "RANK": "1"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert (ended.returncode, ended.stdout.count("\n")) == (1, 1)
    assert "A training runs in one process, but 2 were started (WORLD_SIZE is set)" in ended.stdout
    assert not Path(cfg["work_dir"]).exists()
    assert sorted(path.name for path in Path(cfg["run_dir"]).iterdir()) == ["settings.yml"]
