"""What a diagnostic script needs from ESMValCore: settings, input data, a log, and products with provenance.

Names and behaviour are those of `esmvaltool.diag_scripts.shared`, which comes with ESMValTool and not with ESMValCore.
Two things differ: files are written aside and renamed, and a script may find its earlier output, so that a training
that was killed can go on.
"""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import iris
import matplotlib.pyplot as plt
import yaml
from iris.cube import Cube, CubeList
from matplotlib.figure import Figure

from esmlearn.bridge.refusals import one_sentence
from esmlearn.errors import SettingsError
from esmlearn.files import atomic_write, write_text

logger = logging.getLogger(__name__)


@contextmanager
def run_diagnostic(argv: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Read a script's settings, and end in one sentence on an error that the user can mend.

    Parameters
    ----------
    argv
        The script and the `settings.yml` that ESMValCore wrote for it; by default the command line of this process.

    Yields
    ------
    dict
        The script's settings; `input_data` holds the attributes of each preprocessed file by its name.

    Examples
    --------
    At the end of a script::

        if __name__ == "__main__":
            with run_diagnostic() as cfg:
                main(cfg)
    """
    with one_sentence():
        cfg = _read_settings(sys.argv if argv is None else argv)
        _set_up_log(cfg.get("log_level", "info"))
        cfg["input_data"] = _read_metadata(cfg.get("input_files", []))
        for folder in ("run_dir", "work_dir", "plot_dir"):
            Path(cfg[folder]).mkdir(parents=True, exist_ok=True)
        # A record of an earlier attempt would name products that this one may not make.
        _provenance_file(cfg).unlink(missing_ok=True)
        logger.info("Starting %s with these settings:\n%s", cfg.get("script"), yaml.safe_dump(cfg))
        yield cfg
        logger.info("%s is done", cfg.get("script"))


def _read_settings(argv: Sequence[str]) -> dict[str, Any]:
    if len(argv) < 2:
        raise SettingsError(
            "a diagnostic script needs the settings.yml that ESMValCore writes: run a recipe with"
            " `esmvaltool run`, or give the path of one from an earlier run."
        )
    return yaml.safe_load(Path(argv[1]).read_text(encoding="utf-8"))


def save_data(basename: str, provenance: dict[str, Any], cfg: dict[str, Any], cube: Cube | CubeList) -> Path:
    """Save data as netCDF, and record where they come from.

    Parameters
    ----------
    basename
        The file's name without extension.
    provenance
        See `ProvenanceLogger`.
    cfg
        What `run_diagnostic` gave.
    cube
        One cube, or several that go into one file.

    Returns
    -------
    Path
        The file.
    """
    filename = Path(cfg["work_dir"], f"{basename}.nc")
    with atomic_write(filename) as aside, iris.FUTURE.context(save_split_attrs=True):
        iris.save(cube, aside)
    return _record(filename, provenance, cfg)


def save_figure(
    basename: str, provenance: dict[str, Any], cfg: dict[str, Any], figure: Figure, *, dpi: int | None = None
) -> Path:
    """Save a figure in the format that the configuration asks for, close it, and record where it comes from.

    Parameters
    ----------
    basename, provenance, cfg
        As for `save_data`.
    figure
        The figure.
    dpi
        Dots per inch; by default matplotlib's.

    Returns
    -------
    Path
        The file.
    """
    filename = Path(cfg["plot_dir"], f"{basename}.{cfg.get('output_file_type') or 'png'}")
    with atomic_write(filename) as aside:
        figure.savefig(aside, dpi=dpi)
    plt.close(figure)
    return _record(filename, provenance, cfg)


def _record(filename: Path, provenance: dict[str, Any], cfg: dict[str, Any]) -> Path:
    logger.info("Saved %s", filename)
    with ProvenanceLogger(cfg) as provenance_logger:
        provenance_logger.log(filename, provenance)
    return filename


class ProvenanceLogger:
    """Collect what a script's products are and where they come from, for ESMValCore to record.

    Parameters
    ----------
    cfg
        What `run_diagnostic` gave.

    Examples
    --------
    Use as a context manager::

        record = {
            "caption": "Sea-surface temperature without gaps.",
            "ancestors": ["…/preproc/tos.nc"],  # files that ESMValCore or an ancestor task made
            "authors": ["esmlearn_team"],
            "references": ["vaswani2017"],
            "plot_types": ["map"],
            "domains": ["reg"],
            "statistics": ["mean"],
        }
        with ProvenanceLogger(cfg) as provenance_logger:
            provenance_logger.log("…/result.nc", record)
    """

    def __init__(self, cfg: dict[str, Any]) -> None:
        self._file = _provenance_file(cfg)
        self.table: dict[str, dict[str, Any]] = {}
        if self._file.is_file():
            self.table = yaml.safe_load(self._file.read_text(encoding="utf-8"))

    def log(self, filename: str | Path, record: dict[str, Any]) -> None:
        """Record one product.

        Parameters
        ----------
        filename
            The product.
        record
            Its caption, ancestors, authors, references and whatever else describes it.

        Raises
        ------
        KeyError
            If the product is recorded already.
        """
        if str(filename) in self.table:
            msg = f"Provenance record for {filename} already exists."
            raise KeyError(msg)
        self.table[str(filename)] = record

    def __enter__(self) -> "ProvenanceLogger":
        """Start to collect."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write down what was collected."""
        write_text(self._file, yaml.safe_dump(self.table, allow_unicode=True))


def _read_metadata(input_files: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Merge the metadata of the preprocessor and of ancestor scripts, whose folders ESMValCore lists."""
    files: list[Path] = []
    for path in map(Path, input_files):
        if path.is_dir():
            files.extend(sorted(path.glob("*metadata.yml")))
        elif path.name == "metadata.yml":
            files.append(path)
    input_data: dict[str, dict[str, Any]] = {}
    for file in files:
        input_data.update(yaml.safe_load(file.read_text(encoding="utf-8")))
    return input_data


def _set_up_log(level: str) -> None:
    """Log to standard output, which ESMValCore turns into log.txt."""
    logging.basicConfig(
        stream=sys.stdout,
        format="%(asctime)s UTC [%(process)d] %(levelname)-7s %(name)s:%(lineno)d %(message)s",
    )
    logging.Formatter.converter = time.gmtime
    logging.captureWarnings(True)
    logging.getLogger().setLevel(level.upper())


def _provenance_file(cfg: dict[str, Any]) -> Path:
    return Path(cfg["run_dir"], "diagnostic_provenance.yml")
