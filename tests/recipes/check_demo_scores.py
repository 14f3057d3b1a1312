"""Check what the demo promises, on the scores that a run of it left: `python check_demo_scores.py REPORT`."""

import json
import sys
from pathlib import Path

LEAD = 0.15
"""Share by which the model's RMSE must lie below that of the best baseline."""


def main(report: Path) -> None:
    """End with an error if the model leads by less than it should, by day or by month."""
    rows = json.loads((report.parents[1] / "evaluate" / "scores.json").read_text())
    for frequency in ("day", "mon"):
        wanted = {"frequency": frequency, "metric": "rmse", "region": "all"}
        rmse = {row["method"]: row for row in rows if wanted.items() <= row.items()}
        best = min(row["value"] for row in rmse.values() if row["role"] == "baseline")
        model = next(row["value"] for row in rmse.values() if row["role"] == "model")
        print(f"{frequency}: RMSE {model:.3f}, best baseline {best:.3f}, lead {1 - model / best:.1%}")
        if model > (1 - LEAD) * best:
            sys.exit(f"The demo promises a lead of {LEAD:.0%} by {frequency}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
