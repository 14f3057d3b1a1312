"""The commands `esmvaltool learn …`.

ESMValCore imports this module and instantiates `Learn` whenever anybody calls `esmvaltool`. So everything slow is
imported where it is needed, and nothing changes for other people's recipes.
"""

import os
import sys
from pathlib import Path

from esmlearn.bridge.refusals import one_sentence
from esmlearn.bridge.start import prepare_run

OUTPUT = "esmvaltool_output"


class Learn:
    """Fill gaps in the ocean with deep models: set up, check a recipe, follow a training, find its report."""

    def __init__(self) -> None:
        prepare_run(sys.argv, os.environ)

    def configure(self) -> None:
        """Let ESMValCore find the demo ocean; a configuration of your own stays as it is."""
        from esmlearn.bridge.configure import configure

        with one_sentence():
            print(configure(Path.cwd()))

    def demo_ocean(self, folder: str = "demo_data", depth: bool = False, floats: bool = False) -> None:
        """Write the files of the synthetic demo ocean, unless they are there and complete.

        Parameters
        ----------
        folder
            Folder of the files.
        depth
            Whether to write its temperature at depth and the profiles of its floats, too.
        floats
            Whether to write its salinity and a file of floats, too, as those of Argo: for `learn format argo`.
        """
        from esmlearn.datasets.demo_depth import write_demo_depth
        from esmlearn.datasets.demo_floats import write_demo_floats
        from esmlearn.datasets.demo_ocean import write_demo_ocean

        with one_sentence():
            files = write_demo_ocean(Path(str(folder)))
            if depth:
                files += write_demo_depth(Path(str(folder)))
            if floats:
                files = sorted({*files, *write_demo_floats(Path(str(folder)))})
        print(f"The synthetic demo ocean is in {folder} ({len(files)} files).")

    def format_oisst(self, *files: str, output: str = "~/climate_data", version: str | None = None) -> None:
        """Write NOAA's daily sea-surface temperature (OISST) as a dataset that recipes can name: OBS6, NOAA-OISST.

        Parameters
        ----------
        files
            NOAA's files of one day, PSL's of one year, or a region cut out of them; folders of such files too.
        output
            Folder where ESMValCore looks for OBS6 data.
        version
            Version of the dataset; default: the one in the files.
        """
        from esmlearn.datasets.oisst import format_oisst

        with one_sentence():
            paths = [Path(str(file)).expanduser() for file in files]
            version = None if version is None else str(version)
            written = format_oisst(paths, Path(str(output)).expanduser(), version=version)
        print(f"NOAA-OISST is in {written[0].parent} ({len(written)} files, {written[0].name} and on).")

    def format(
        self,
        source: str,
        *files: str,
        output: str = "~/climate_data",
        dataset: str | None = None,
        version: str = "1",
        **settings: object,
    ) -> None:
        """Write profiles of an archive as a dataset that recipes can name: OBS6, type insitu.

        Parameters
        ----------
        source
            Archive: argo, en4, wod.
        files
            Its files; folders of them too.
        output
            Folder where ESMValCore looks for OBS6 data.
        dataset
            Name of the dataset; default: ARGO, EN4, WOD.
        version
            Version of the dataset.
        settings
            variable (thetao or so), levels (5,16,50), region (west,east,south,north), step (degrees), days, start and
            others: see docs/profiles.md.
        """
        from esmlearn.datasets.profiles import DATASETS, format_profiles
        from esmlearn.errors import SettingsError
        from esmlearn.settings.profiles import ProfileSettings
        from esmlearn.settings.scripts import from_script

        with one_sentence():
            if source not in DATASETS:
                raise SettingsError(f"There is no source '{source}'; known are {', '.join(DATASETS)}.")
            # A list of one number is a number for the command line.
            levels = {
                key: (value,) for key, value in settings.items() if key == "levels" and isinstance(value, int | float)
            }
            block = from_script(ProfileSettings, settings | levels)
            paths = [Path(str(file)).expanduser() for file in files]
            folder = Path(str(output)).expanduser()
            written = format_profiles(source, paths, folder, block, dataset=dataset, version=str(version))
        print(f"{dataset or DATASETS[source][0]} is in {written}.")

    def check(self, recipe: str) -> None:
        """List all problems of a recipe before ESMValCore starts.

        Parameters
        ----------
        recipe
            Path of the recipe.
        """
        from esmlearn.bridge.check import check_recipe

        with one_sentence():
            problems = check_recipe(Path(str(recipe)))
        for problem in problems:
            print(f"- {problem}")
        if problems:
            raise SystemExit(1)
        print(f"{recipe} is fine.")

    def status(self, folder: str = OUTPUT) -> None:
        """Show the progress of the newest training.

        Parameters
        ----------
        folder
            Output of ESMValCore, of one run, or of one script.
        """
        from rich.console import Console

        from esmlearn.bridge.status import show_status

        with one_sentence():
            Console().print(show_status(Path(str(folder))))

    def report(self, folder: str = OUTPUT) -> None:
        """Print the path of the newest report, and link it in ESMValCore's index.html of that run.

        Parameters
        ----------
        folder
            Output of ESMValCore, or of one run.
        """
        from esmlearn.bridge.runs import find_report, link_report

        with one_sentence():
            path = find_report(Path(str(folder)))
            link_report(path)
        print(path)

    def why(self, folder: str = OUTPUT) -> None:
        """Print in one sentence why the newest run failed.

        Parameters
        ----------
        folder
            Output of ESMValCore, or of one run.
        """
        from esmlearn.bridge.runs import find_reason

        with one_sentence():
            print(find_reason(Path(str(folder))))
