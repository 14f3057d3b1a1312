"""Measure speed, memory and skill beside the baselines, and put the tables into RESULTS.md.

python benchmarks/run.py            # both
python benchmarks/run.py --speed    # on the synthetic demo ocean, some minutes
python benchmarks/run.py --skill    # on real data (--data), with the trainings of an hour that it needs

`make bench` and `make bench-skill` do the same. Each table replaces the last one of its kind.
"""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from esmlearn.errors import EsmlearnError
from esmlearn.files import write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
DATA = ROOT.parent / "shared" / "data" / "oisst_tasman_1982_2009.nc"


def main() -> None:
    """Run the benchmarks that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", action="store_true", help="speed and memory only")
    parser.add_argument("--skill", action="store_true", help="skill on real data only")
    parser.add_argument(
        "--scattered", action="store_true", help="scores on scattered points beside those under clouds, on real data"
    )
    parser.add_argument("--samplers", action="store_true", help="few steps against many, on real data")
    parser.add_argument("--downscaling", action="store_true", help="super-resolution of real data")
    parser.add_argument("--generalisation", action="store_true", help="models from elsewhere, on real data")
    parser.add_argument(
        "--data", type=Path, nargs="+", default=[DATA], help="OISST: files or folders, as for format-oisst"
    )
    parser.add_argument("--steps", type=int, help="fewer steps of training than in the recipe, to try things out")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "esmvaltool_output" / "benchmarks", help="for checkpoints and models"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="file with the tables")
    options = parser.parse_args()
    alone = (options.scattered, options.samplers, options.generalisation, options.downscaling)
    both = not any((options.speed, options.skill, *alone))
    try:
        if options.speed or both:
            from speed import measure_speed

            record(options.results, "speed", measure_speed())
        if options.skill or both:
            from skill import measure_skill

            record(options.results, "skill", measure_skill(options.data, options.work, steps=options.steps))
        if options.scattered:
            from scattered import measure_scattered

            record(options.results, "scattered", measure_scattered(options.data))
        if options.samplers:
            from samplers import measure_samplers

            record(options.results, "samplers", measure_samplers(options.data, options.work))
        if options.downscaling:
            from downscaling import measure_downscaling

            record(options.results, "downscaling", measure_downscaling(options.data, options.work, steps=options.steps))
        if options.generalisation:
            from generalisation import measure_generalisation

            tables = measure_generalisation(options.data, options.work, steps=options.steps)
            record(options.results, "generalisation", tables)
    except EsmlearnError as error:
        print(f"ERROR esmlearn: {error}")
        sys.exit(1)


def record(results: Path, name: str, text: str) -> None:
    """Print a result, and write it between the markers of its name, with the hardware."""
    text = f"{hardware()}\n\n{text}"
    print(text)
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    page = results.read_text(encoding="utf-8") if results.is_file() else f"{begin}{end}\n"
    before, _, rest = page.partition(begin)
    if end not in rest:
        before, rest = f"{page}\n", end
    write_text(results, f"{before}{begin}\n{text}\n\n{end}{rest.partition(end)[2]}")


def hardware() -> str:
    """Describe date, hardware and software of a measurement in one line."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {_processor()}, {os.cpu_count()} cores, {device}; "
        f"{platform.system()}, Python {platform.python_version()}, torch {torch.__version__} with "
        f"{torch.get_num_threads()} threads, esmlearn {version('esmlearn')}."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
