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

    def demo_ocean(
        self,
        folder: str = "demo_data",
        depth: bool = False,
        floats: bool = False,
        models: bool = False,
        level3: bool = False,
    ) -> None:
        """Write the files of the synthetic demo ocean, unless they are there and complete.

        Parameters
        ----------
        folder
            Folder of the files.
        depth
            Whether to write its temperature at depth and the profiles of its floats, too.
        floats
            Whether to write its salinity and a file of floats, too, as those of Argo: for `learn format argo`.
        models
            Whether to write synthetic climate models of the region, too.
        level3
            Whether to write a small level-3 archive instead: files in the folder `level3`, and a dataset of recipes.
        """
        if level3:
            from esmlearn.datasets.archives import format_archive
            from esmlearn.datasets.demo_level3 import write_demo_level3
            from esmlearn.settings.sources import FormatSettings

            archive = Path(str(folder), "level3")
            with one_sentence():
                files = write_demo_level3(archive)
                format_archive(files, Path(str(folder)), FormatSettings(kind="synthetic"))
            print(f"The synthetic level-3 archive is in {archive} ({len(files)} files), for recipes as DemoLevel3.")
            return
        from esmlearn.datasets.demo_depth import write_demo_depth
        from esmlearn.datasets.demo_floats import write_demo_floats
        from esmlearn.datasets.demo_models import write_demo_models
        from esmlearn.datasets.demo_ocean import write_demo_ocean

        with one_sentence():
            files = write_demo_ocean(Path(str(folder)))
            if depth:
                files += write_demo_depth(Path(str(folder)))
            if floats:
                files = sorted({*files, *write_demo_floats(Path(str(folder)))})
            if models:
                files += write_demo_models(Path(str(folder)))
        print(f"The synthetic demo ocean is in {folder} ({len(files)} files).")

    def format(
        self,
        source: str,
        *files: str,
        output: str = "~/climate_data",
        dataset: str | None = None,
        version: str | None = None,
        **settings: object,
    ) -> None:
        """Write the files of an archive as a dataset that recipes can name: OBS6, with every day of its period.

        Parameters
        ----------
        source
            Kind of the files, such as ghrsst_l3 or oisst; `auto`: recognised by what is in them; or NAME.yml, a mapping
            of your own.
        files
            Files of the archive; folders of them, too.
        output
            Folder where ESMValCore looks for OBS6 data.
        dataset
            Name of the dataset in recipes; default: the one in the files.
        version
            Version of the dataset; default: the one in the files.
        settings
            variable, quality (4,5), bias (True or False), region (west,east,south,north), step (degrees), interval (day
            or mon), kind (sat): see docs/sources.md. Of profiles (argo, en4, wod): variable (thetao or so), levels
            (5,16,50), region, step, days or monthly, and others: see docs/profiles.md.
        """
        from esmlearn.datasets.archives import format_archive
        from esmlearn.datasets.profiles import DATASETS as PROFILES
        from esmlearn.datasets.profiles import format_profiles
        from esmlearn.settings.profiles import ProfileSettings
        from esmlearn.settings.scripts import from_script
        from esmlearn.settings.sources import FormatSettings

        if source == "oisst":
            self.format_oisst(*files, output=output, version=version)
            return
        with one_sentence():
            paths, folder = [Path(str(file)).expanduser() for file in files], Path(str(output)).expanduser()
            named = {key: str(name) for key, name in (("dataset", dataset), ("version", version)) if name is not None}
            if source in PROFILES:
                # A list of one number is a number for the command line.
                one = {key: (value,) for key, value in settings.items() if key == "levels" and not _several(value)}
                written = format_profiles(source, paths, folder, from_script(ProfileSettings, settings | one), **named)
            else:
                kind = None if source == "auto" else source
                written = format_archive(paths, folder, from_script(FormatSettings, settings), source=kind, **named)
        for path in written:
            print(path)

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

    def make_climatology(self, *files: str, output: str) -> None:
        """Write a climatology by month, which the setting `climatology` of recipes can name.

        Parameters
        ----------
        files
            Monthly means of one quantity, some years of them.
        output
            The netCDF file to write.
        """
        from esmlearn.datasets.monthly_climatology import make_climatology

        with one_sentence():
            paths = [Path(str(file)).expanduser() for file in files]
            names = " ".join(path.name for path in paths)
            command = f"esmvaltool learn make-climatology {names} --output {Path(str(output)).name}"
            path = make_climatology(paths, Path(str(output)).expanduser(), command=command)
        print(f"The climatology is in {path}.")

    def fill(
        self,
        *files: str,
        output: str = "filled.nc",
        o: str | None = None,
        report: str | None = None,
        model: str | None = None,
        method: str | None = None,
        climatology: str | None = None,
        variable: str | None = None,
        interval: str | None = None,
        transform: str = "none",
        outliers: str = "report",
        outlier_threshold: float = 4.0,
        scores: bool = True,
        quiet: bool = False,
    ) -> None:
        """Fill the gaps of observations by the best method at hand, and report its scores on withheld clouds.

        Parameters
        ----------
        files
            Of one archive: files, folders, or a name with ``*``.
        output
            The netCDF file with the filled field, its standard deviation, and what was observed.
        o
            Short for `output`.
        report
            The page with the scores; default: beside the output, under its name with .html.
        model
            Folder of a trained model to fill with; default: the best baseline.
        method
            Baseline to fill with; default: the one with the smallest error on withheld clouds.
        climatology
            A file, a model folder, `packaged`, or with `--model` that of its `training`; default: that of the
            observations where they cover the year, else that of the model or the packaged one.
        variable
            Variable to fill, where the files have several.
        interval
            What each value stands for where the files don't tell: `day`, `mon`, or a number of days such as `8day`.
        transform
            `log` for a quantity such as chlorophyll, whose logarithm is filled.
        outliers
            What is done with observations that disagree with the analysis of those around them: `report` counts them,
            `mask` takes them out and fills there, `ignore` does not look for them.
        outlier_threshold
            Disagreement in expected standard deviations from which an observation is an outlier.
        scores
            Whether clouds are withheld to choose and to score; with `--scores=False` name a method or a model.
        quiet
            Whether no progress is shown.
        """
        from esmlearn.bridge.filling import fill_files

        with one_sentence():
            written = fill_files(
                [str(file) for file in files],
                output=str(o or output),
                report=report,
                model=model,
                method=method,
                climatology=climatology,
                variable=variable,
                interval=interval,
                transform=transform,
                outliers=outliers,
                outlier_threshold=outlier_threshold,
                scores=scores,
                quiet=quiet,
            )
        for line in written:
            print(line)

    def check(self, recipe: str) -> None:
        """List all problems of a recipe before ESMValCore starts: of its settings, else of its files.

        Parameters
        ----------
        recipe
            Path of the recipe.
        """
        from esmlearn.bridge.check import check_recipe
        from esmlearn.bridge.input_files import check_datasets

        with one_sentence():
            problems = check_recipe(Path(str(recipe))) or check_datasets(Path(str(recipe)))
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
        from esmlearn.bridge.reasons import find_reason

        with one_sentence():
            print(find_reason(Path(str(folder))))


def _several(value: object) -> bool:
    """Whether the command line gave a list."""
    return isinstance(value, list | tuple)
