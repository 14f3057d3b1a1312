"""Check that the scores of a run of the demo are as good as documented: `python check_demo_scores.py REPORT`."""

import json
import sys
from pathlib import Path

LEAD = 0.3
"""Share by which the model's RMSE must lie below that of interpolation in time."""

AHEAD = ("kriging",)
"""Baselines that may have better days than the model: kriging solves the whole system, and is ahead by 7 %."""


def main(report: Path) -> None:
    """End with an error if the model leads by less than it should, by day or by month."""
    rows = json.loads((report.parents[1] / "evaluate" / "scores.json").read_text())
    for frequency in ("day", "mon"):
        wanted = {"frequency": frequency, "metric": "rmse", "region": "all"}
        rmse = {row["method"]: row["value"] for row in rows if wanted.items() <= row.items()}
        model = rmse.pop("SpatioTemporalModel")
        best = min(rmse, key=rmse.__getitem__)
        lead = 1 - model / rmse["time_interpolation"]
        print(f"{frequency}: RMSE {model:.3f}, {lead:.1%} below interpolation in time; {best} has {rmse[best]:.3f}")
        if lead < LEAD:
            sys.exit(f"The demo promises a lead of {LEAD:.0%} over interpolation in time by {frequency}.")
        better = [name for name, value in rmse.items() if value < model and name not in AHEAD]
        if frequency == "day" and better:
            sys.exit(
                f"The demo promises better days than those of all but {', '.join(AHEAD)}; {better[0]} has better ones."
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
