"""Write a copy of a recipe that runs in a minute or two, and shows no skill: `python reduce_recipe.py RECIPE COPY`."""

import sys
from pathlib import Path

import yaml

FEW = {"steps": 6, "regression_steps": 4, "validate_every": 3, "decode_days": 4}
LEFT_OUT = {None: {"regression_steps"}, "downscale": {"decode_days"}}
PERIOD = "2004-06-01/2004-07-31"


def main(recipe: Path, copy: Path) -> None:
    """Train for a few steps, reconstruct two months, draw three members in three steps."""
    content = yaml.safe_load(recipe.read_text())
    for diagnostic in content["diagnostics"].values():
        for name, script in diagnostic["scripts"].items():
            if name.startswith("train"):
                left_out = LEFT_OUT.get(script.get("task"), set())
                few = {key: value for key, value in FEW.items() if key not in left_out}
                script["training"] = {**script.get("training", {}), **few}
            if name == "reconstruct":
                script["period"] = PERIOD
                script["baselines"] = ["bicubic" if "bicubic" in script["baselines"] else "climatology"]
                script["ensemble"] = {"members": 3, "sampler": {"steps": 3, "sigma_max": 20}}
                script["ablation_times"] = 3
    copy.write_text(yaml.safe_dump(content, sort_keys=False))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
