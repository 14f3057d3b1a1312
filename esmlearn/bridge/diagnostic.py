"""What a diagnostic script needs from ESMValCore: settings, input data, a log, and products with provenance.

`run_diagnostic`, `save_data` and `save_figure` are named as in `esmvaltool.diag_scripts.shared`, which comes with
ESMValTool and not with ESMValCore. Two things differ: a file appears only when it is complete, and the output of an
earlier attempt is kept, so that a training that was killed can be resumed.
"""

import fcntl
import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import iris
import matplotlib.pyplot as plt
import yaml
from iris.cube import Cube, CubeList
from matplotlib.figure import Figure

from esmlearn.bridge.refusals import one_sentence
from esmlearn.bridge.stopping import stop_with_esmvaltool, stopped_by_a_signal
from esmlearn.errors import SettingsError
from esmlearn.files import atomic_write, check_writable, remove_leftovers, visible, write_text, writing

logger = logging.getLogger(__name__)

LOCK = "running.lock"
"""File in the run folder of a script, which its process holds."""


@contextmanager
def run_diagnostic(argv: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Read a script's settings, and end with one sentence on an error that the user can mend.

    Parameters
    ----------
    argv
        The script and the `settings.yml` that ESMValCore wrote for it; by default the command line of this process.

    Yields
    ------
    dict
        The script's settings; `input_data` has the facets of each preprocessed file by its name.

    Examples
    --------
    At the end of a script::

        if __name__ == "__main__":
            with run_diagnostic() as cfg:
                main(cfg)
    """
    with one_sentence(), stopped_by_a_signal():
        stop_with_esmvaltool()
        cfg = _read_settings(sys.argv if argv is None else argv)
        _set_up_log(cfg.get("log_level", "info"))
        cfg["input_data"] = _read_metadata(cfg.get("input_files", []))
        for folder in ("run_dir", "work_dir", "plot_dir"):
            check_writable(Path(cfg[folder]))
        with _alone(Path(cfg["run_dir"])):
            for folder in ("run_dir", "work_dir", "plot_dir"):
                remove_leftovers(Path(cfg[folder]))
            # Records of an earlier attempt may name products that this one does not make.
            _provenance_file(cfg).unlink(missing_ok=True)
            logger.info("Starting %s with these settings:\n%s", cfg.get("script"), yaml.safe_dump(cfg))
            yield cfg
            logger.info("%s is done", cfg.get("script"))


@contextmanager
def _alone(run_dir: Path) -> Iterator[None]:
    """Hold the run folder of a script: a second process would mix its products and records with those of the first.

    The system lets go of it when the process ends, however it ends.

    Raises
    ------
    SettingsError
        If another process holds it.
    """
    with writing(run_dir / LOCK):
        lock = (run_dir / LOCK).open("a")
    with lock as file:
        # Some network file systems have no locks; there, one goes on without.
        with suppress(OSError):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SettingsError(
                    f"Another process runs this script in {run_dir}; wait until it ends, or stop it, and run again."
                ) from None
        yield


def save_data(basename: str, record: dict[str, Any], cfg: dict[str, Any], cube: Cube | CubeList) -> Path:
    """Save one cube, or several in one file, as netCDF in the work folder, with a record as of `log_provenance`.

    `basename` is the name of the file without its suffix. Returns the file.
    """
    filename = Path(cfg["work_dir"], f"{basename}.nc")
    with atomic_write(filename) as aside, iris.FUTURE.context(save_split_attrs=True):
        iris.save(cube, aside)
    log_provenance(filename, record, cfg)
    return filename


def save_figure(
    basename: str, record: dict[str, Any], cfg: dict[str, Any], figure: Figure, *, dpi: int | None = None
) -> Path:
    """Save a figure in the format of the configuration, and close it; otherwise as `save_data`."""
    filename = Path(cfg["plot_dir"], f"{basename}.{cfg.get('output_file_type') or 'png'}")
    with atomic_write(filename) as aside:
        figure.savefig(aside, dpi=dpi)
    plt.close(figure)
    log_provenance(filename, record, cfg)
    return filename


def log_provenance(filename: str | Path, record: dict[str, Any], cfg: dict[str, Any]) -> None:
    """Record what a product is and where it comes from, for ESMValCore.

    Parameters
    ----------
    filename
        The product.
    record
        Its `caption`; `ancestors`, the files it was made of, by ESMValCore or by ancestor scripts; and tags, such as
        `authors`, `references`, `plot_types`, `domains` and `statistics`.
    cfg
        Settings of the script, from `run_diagnostic`.

    Raises
    ------
    KeyError
        If the product has a record already.
    """
    file = _provenance_file(cfg)
    records = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if str(filename) in records:
        raise KeyError(f"Provenance record for {filename} already exists.")
    write_text(file, yaml.safe_dump({**records, str(filename): record}, allow_unicode=True))
    logger.info("Saved %s", filename)


def _read_settings(argv: Sequence[str]) -> dict[str, Any]:
    if len(argv) < 2:
        raise SettingsError(
            "a diagnostic script needs the settings.yml that ESMValCore writes: run a recipe with"
            " `esmvaltool run`, or give the path of one from an earlier run."
        )
    return yaml.safe_load(Path(argv[1]).read_text(encoding="utf-8"))


def _read_metadata(input_files: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Merge the metadata of the preprocessor with that of ancestor scripts, of which ESMValCore lists the folders."""
    input_data: dict[str, dict[str, Any]] = {}
    for path in map(Path, input_files):
        for file in [path] if path.name == "metadata.yml" else visible(path, "*metadata.yml"):
            input_data |= yaml.safe_load(file.read_text(encoding="utf-8"))
    return input_data


def _set_up_log(level: str) -> None:
    """Log to standard output, which ESMValCore writes to log.txt."""
    logging.basicConfig(
        stream=sys.stdout,
        format="%(asctime)s UTC [%(process)d] %(levelname)-7s %(name)s:%(lineno)d %(message)s",
    )
    logging.Formatter.converter = time.gmtime
    logging.captureWarnings(True)
    logging.getLogger().setLevel(level.upper())


def _provenance_file(cfg: dict[str, Any]) -> Path:
    return Path(cfg["run_dir"], "diagnostic_provenance.yml")
