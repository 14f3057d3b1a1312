"""A script's settings, products, provenance, and its end."""

import errno
import logging
import os
import sys
from pathlib import Path

import iris
import matplotlib.pyplot as plt
import numpy as np
import pytest
import yaml
from iris.cube import Cube

from esmlearn.bridge.diagnostic import (
    ProvenanceLogger,
    group_metadata,
    run_diagnostic,
    save_data,
    save_figure,
    select_metadata,
)
from esmlearn.errors import DataError

RECORD = {"caption": "Température de surface.", "ancestors": ["preproc/tos.nc"], "authors": ["esmlearn_team"]}


@pytest.fixture(autouse=True)
def _quiet_root_logger():
    """Give back the log as it was."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def cfg(tmp_path, monkeypatch):
    """Write what ESMValCore writes for a script, and pass it as ESMValCore does."""
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
    monkeypatch.setattr(sys, "argv", ["train.py", str(tmp_path / "run" / "settings.yml")])
    return settings


def provenance(cfg):
    return yaml.safe_load(Path(cfg["run_dir"], "diagnostic_provenance.yml").read_text())


def test_settings_and_the_data_of_all_ancestors_arrive(cfg):
    here = Path.cwd()
    with run_diagnostic() as got:
        assert Path.cwd() == here
        assert got["epochs"] == 3
        assert got["input_data"] == {
            "tos.nc": {"filename": "tos.nc", "dataset": "DEMO"},
            "sos.nc": {"filename": "sos.nc"},
        }
        assert Path(cfg["work_dir"]).is_dir()
        assert Path(cfg["plot_dir"]).is_dir()


def test_a_second_attempt_starts_with_an_empty_record_and_keeps_its_files(cfg):
    with run_diagnostic() as got:
        save_data("field", RECORD, got, Cube(np.zeros(2)))
    with run_diagnostic() as got:
        assert not Path(cfg["run_dir"], "diagnostic_provenance.yml").exists()
        assert Path(cfg["work_dir"], "field.nc").is_file()


def test_an_error_of_the_user_ends_in_one_line(cfg, capsys):
    with pytest.raises(SystemExit) as stop, run_diagnostic():
        raise DataError("tos has no ocean;\n choose another region.")
    assert stop.value.code == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "ERROR esmlearn: tos has no ocean; choose another region."


def test_a_full_disk_ends_in_one_line(cfg, capsys):
    with pytest.raises(SystemExit), run_diagnostic():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.safetensors")
    assert "no space is left for model.safetensors" in capsys.readouterr().out


@pytest.mark.parametrize("error", [ValueError("ours"), PermissionError("not yours")])
def test_other_errors_keep_their_traceback(cfg, error):
    with pytest.raises(type(error)), run_diagnostic():
        raise error


def test_a_script_without_settings_says_how_it_is_started(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit), run_diagnostic():
        pass
    assert "esmvaltool run" in capsys.readouterr().out


def test_data_and_figures_are_saved_with_their_records(cfg):
    cube = Cube(np.arange(3.0), var_name="tos", units="degC", attributes={"comment": "synthetic"})
    figure = plt.figure()
    with run_diagnostic() as got:
        data = save_data("field", RECORD, got, cube)
        image = save_figure("map", RECORD | {"plot_types": ["map"]}, got, figure, dpi=40)
    assert image.read_bytes().startswith(b"\x89PNG")
    assert not plt.fignum_exists(figure.number)
    back = iris.load_cube(data)
    assert back.units == "degC"
    assert back.attributes["comment"] == "synthetic"
    assert provenance(cfg) == {str(data): RECORD, str(image): RECORD | {"plot_types": ["map"]}}


def test_a_failed_save_leaves_the_old_file_and_no_record(cfg, monkeypatch):
    with run_diagnostic() as got:
        data = Path(got["work_dir"], "field.nc")
        data.write_bytes(b"whole")

        def fills_the_disk(cube, target, **kwargs):
            target.write_bytes(b"ha")
            raise RuntimeError("NetCDF: HDF error")

        monkeypatch.setattr("iris.save", fills_the_disk)
        with pytest.raises(RuntimeError, match="HDF"):
            save_data("field", RECORD, got, Cube(0.0))
        assert data.read_bytes() == b"whole"
        assert not Path(cfg["run_dir"], "diagnostic_provenance.yml").exists()


def test_a_product_is_recorded_once(cfg):
    with ProvenanceLogger(cfg) as log:
        log.log("a.nc", RECORD)
    with ProvenanceLogger(cfg) as log, pytest.raises(KeyError, match=r"a\.nc"):
        log.log("a.nc", RECORD)


def test_metadata_are_selected_and_grouped():
    clear, cloudy = {"dataset": "clear", "mip": "Oday"}, {"dataset": "cloudy", "mip": "Oday", "role": "gappy"}
    assert select_metadata([clear, cloudy], role="*") == [cloudy]
    assert select_metadata([clear, cloudy], mip="Oday", dataset="clear") == [clear]
    assert group_metadata([clear, cloudy], "role") == {None: [clear], "gappy": [cloudy]}
