"""The command `esmvaltool learn fill`: files in, a netCDF file and a report out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from esmlearn.errors import SettingsError


def fill_files(
    files: Sequence[str], *, output: str, report: str | None, scores: bool, interval: str | None = None, **options: Any
) -> list[str]:
    """Fill the gaps of files, and write the filled field and the report.

    Parameters
    ----------
    files
        Of one archive.
    output
        The netCDF file.
    report
        The page; None for one beside the output.
    scores
        Whether clouds are withheld to choose and to score a method.
    interval
        What each value stands for where the files don't tell, such as `8day`.
    **options
        As of `esmlearn.fill`.

    Returns
    -------
    list of str
        What was done, a sentence each, then the paths of the netCDF file and of the page.

    Raises
    ------
    SettingsError
        If no file is named, or one of them would be written over.
    """
    if not files:
        raise SettingsError("Name the files to fill, such as `esmvaltool learn fill archive/*.nc -o filled.nc`.")
    target = Path(output).expanduser()
    target = target if target.suffix else target.with_suffix(".nc")
    page = Path(report).expanduser() if report else target.with_suffix(".html")
    inputs = {path.resolve() for file in files for path in _there(Path(file).expanduser())}
    for path in (target, page):
        if path.resolve() in inputs:
            raise SettingsError(
                f"{path} is one of the files to fill and would be written over; name another `--output`."
            )
    # Slow to import: a mistake above shall be told at once.
    import esmlearn
    from esmlearn.cubes.order import changes_of
    from esmlearn.filling import write_filled
    from esmlearn.settings import InputSettings
    from esmlearn.settings.scripts import from_script
    from esmlearn.tasks.outliers import OUTLIERS
    from esmlearn.words import outlier_words

    paths = [Path(file).expanduser() for file in files]
    if interval:
        options["input"] = from_script(InputSettings, {"times": {"interval": interval}})
    if not scores:
        options["withhold"] = None
    cube = esmlearn.fill(paths, report=page, **options)
    write_filled(cube, target)
    said = [*changes_of(cube), f"The climatology is {cube.attributes['esmlearn_climatology']}."]
    if OUTLIERS in cube.attributes:
        said.append(outlier_words(json.loads(str(cube.attributes[OUTLIERS]))))
    return [*said, str(cube.attributes["esmlearn_why"]), str(target), str(page)]


def _there(path: Path) -> list[Path]:
    """The files that a name stands for: itself, those in a folder, or those that fit a name with `*`."""
    if path.is_dir():
        return list(path.iterdir())
    return [path] if "*" not in path.name else list(path.parent.glob(path.name))
