"""Write a copy of a recipe that runs in a minute or two, without skill: `python reduce_recipe.py RECIPE COPY`."""

import sys
from pathlib import Path

import pandas as pd
import yaml

FEW = {"steps": 6, "validate_every": 3}
FEWER = {None: {"decode_days": 4}, "fill": {}, "densify": {"regression_steps": 4}, "downscale": {"regression_steps": 4}}
SAMPLER = {"steps": 3, "sigma_max": 20}
LEARNED = pd.DateOffset(months=18)
PERIOD = "2004-06-01/2004-07-31"


def main(recipe: Path, copy: Path) -> None:
    """Train on a year and a half for a few steps, reconstruct two months, sample three members in three steps.

    Where all years are reconstructed, whole years are needed: the test period then remains.
    """
    content = yaml.safe_load(recipe.read_text())
    for diagnostic in content["diagnostics"].values():
        for name, script in diagnostic["scripts"].items():
            if name.startswith("train"):
                script["training"] = {**script.get("training", {}), **FEW, **FEWER[script.get("task")]}
                script["data"]["split"]["train"] = _end(script["data"]["split"]["train"])
                if "sampler" in script:
                    script["sampler"] = SAMPLER
            if name == "reconstruct":
                script["period"] = "test" if script.get("period") == "all" else PERIOD
                script["baselines"] = ["bicubic" if "bicubic" in script.get("baselines", ()) else "climatology"]
                script["ensemble"] = {"members": 3, "sampler": SAMPLER}
                script["ablation_times"] = 3
    copy.write_text(yaml.safe_dump(content, sort_keys=False))


def _end(period: str) -> str:
    """Return the last year and a half of a period."""
    last = pd.Timestamp(period.split("/")[1])
    return f"{last + pd.Timedelta(days=1) - LEARNED:%Y-%m-%d}/{last:%Y-%m-%d}"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
