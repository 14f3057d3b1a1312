"""What was evaluated, what was hidden, and what was left out."""

import json
from typing import Any

import numpy as np

from esmlearn.evaluation.case import Case
from esmlearn.evaluation.downscaling_scores import coarse_facts
from esmlearn.evaluation.ensemble_scores import image_range
from esmlearn.evaluation.scoring import CaseScores


def facts(case: Case, scores: CaseScores) -> dict[str, Any]:
    """Describe what was evaluated and what was hidden, for the report."""
    field, settings = case.field, case.settings
    return {
        "dataset": case.dataset,
        "quantity": case.quantity,
        "domain": case.domain,
        "units": field.units,
        "split": case.split,
        "truth": case.truth_source.name if case.truth_source else None,
        "complete": case.complete,
        "withheld": case.withheld,
        "synthetic": case.synthetic,
        "start": field.dates[0].strftime("%Y-%m-%d"),
        "end": field.dates[-1].strftime("%Y-%m-%d"),
        "calendar": field.dates[0].calendar,
        "days": round(field.dates.size * field.spacing_days),
        "frequency": case.frequency,
        "cells": [int(size) for size in field.land.shape],
        "ocean_cells": int(case.ocean.sum()),
        "region": [float(field.lat[0]), float(field.lat[-1]), float(field.lon[0]), float(field.lon[-1])],
        "share_hidden": float(case.hidden[:, case.ocean].mean()),
        "share_hidden_least": float(case.hidden[:, case.ocean].mean(axis=1).min()),
        "share_hidden_most": float(case.hidden[:, case.ocean].mean(axis=1).max()),
        "months_unseen": float(
            np.mean([~case.observed[days][:, case.ocean].any(axis=0) for days in field.months.values()])
        ),
        "gaps": _attribute(case, "esmlearn_gaps"),
        "withhold": _attribute(case, "esmlearn_withheld"),
        "outliers": _attribute(case, "esmlearn_outliers"),
        "climatology": case.field.like[0].attributes.get("esmlearn_climatology"),
        "buffer_km": settings.buffer_km,
        "buffer_days": settings.buffer_days,
        "block_days": settings.block_days,
        "points": scores.points,
        "left_open": scores.left_open,
        "image_range": image_range(case),
        "regions": {
            name: [part.start_latitude, part.end_latitude, part.start_longitude, part.end_longitude]
            for name, part in settings.regions.items()
        },
        "heatwaves": scores.heatwaves,
        "downscaled": coarse_facts(case) | scores.downscaling.facts if case.downscaled else None,
        "left_out": scores.left_out,
    }


def _attribute(case: Case, name: str) -> Any:
    """Settings that the script that reconstructed has left in its files; None if there are none."""
    text = case.field.like[0].attributes.get(name)
    return None if text is None else json.loads(str(text))
