"""What is found out about ensembles, and about days as wholes, against known answers."""

import json
from dataclasses import replace

import numpy as np
import pytest

from esmlearn.evaluation.ensemble_scores import image_range, score_days, score_ensembles
from esmlearn.evaluation.scoring import hidden_points
from tests.comparisons import values_of
from tests.evaluation.ensemble_case import N_DAYS, SPREAD, ensemble_case


def findings(case, *, scales=True):
    daily = hidden_points(case)
    (found,) = score_ensembles(daily, case.field.grid, daily if scales else None)
    return found


def test_days_are_scored_as_wholes():
    """Of many independent points, members and truth are 2**0.5 deviations apart, and so are members."""
    case = ensemble_case()
    rows = score_days(case, hidden_points(case))
    members, warm = values_of(rows, "ConditionalDiffusion"), values_of(rows, "climatology")
    assert members["energy_score"] == pytest.approx(SPREAD / 2**0.5, rel=0.02)
    low, high = image_range(case)
    assert (low, high) == (np.nanmin(case.truth), np.nanmax(case.truth))
    assert set(warm) == {"psnr", "ssim"}
    assert warm["psnr"] == pytest.approx(20 * np.log10(high - low), abs=1e-3)
    assert 0.9 < warm["ssim"] < 1
    by_metric = {row["metric"]: row for row in rows if row["method"] == "ConditionalDiffusion"}
    assert {metric: row["units"] for metric, row in by_metric.items()} == {
        "energy_score": "degC",
        "psnr": "dB",
        "ssim": "1",
    }
    assert all(row["low"] < row["value"] < row["high"] for row in by_metric.values())
    assert {(row["n"], row["frequency"], row["region"]) for row in rows} == {(N_DAYS, "day", "all")}


def test_a_truth_with_gaps_makes_no_images():
    case = ensemble_case()
    case = replace(case, truth=np.where(case.observed, np.float32(np.nan), case.truth))
    assert image_range(case) is None
    assert {row["metric"] for row in score_days(case, hidden_points(case))} == {"energy_score"}


def test_a_method_without_error_has_no_psnr():
    """Infinity is no number in JSON."""
    case = ensemble_case()
    made = replace(case.results[0].reconstruction, daily=case.truth)
    case = replace(case, results=(replace(case.results[0], reconstruction=made), case.results[1]))
    rows = score_days(case, hidden_points(case))
    assert values_of(rows, "climatology") == pytest.approx({"ssim": 1.0})
    json.dumps(rows, allow_nan=False)


def test_a_right_ensemble_has_flat_ranks_within_their_band():
    record = findings(ensemble_case()).record()
    ranks = {name: np.array(values) for name, values in record["ranks"].items()}
    assert record["members"] == 8
    assert ranks["share"].sum() == pytest.approx(1)
    assert ranks["share"] == pytest.approx(np.full(9, 1 / 9), abs=0.01)
    assert (ranks["low"] < ranks["share"]).all()
    assert (ranks["share"] < ranks["high"]).all()
    spread, error = (np.array(record["spread_skill"][name]) for name in ("spread", "error"))
    assert np.mean(error) == pytest.approx(SPREAD * (9 / 8) ** 0.5, rel=0.03)
    assert (np.diff(spread) > 0).all()


def test_cold_members_leave_the_truth_above_them():
    ranks = findings(ensemble_case(bias=-20), scales=False).record()["ranks"]
    assert ranks["share"] == pytest.approx([0] * 8 + [1])


def test_few_blocks_have_no_band():
    case = ensemble_case()
    record = findings(replace(case, settings=case.settings.model_copy(update={"block_days": 30}))).record()
    assert (record["ranks"]["low"], record["ranks"]["high"]) == (None, None)


def test_spectra_tell_members_from_their_mean():
    """The noise of a mean of 8 members has an eighth of the power of theirs; around climatology there is noise only."""
    case = ensemble_case()
    around = case.field.values[:, 0]
    made = replace(case.results[0].reconstruction, daily=around)
    case = replace(case, results=(replace(case.results[0], reconstruction=made), case.results[1]))
    record = findings(case).record()
    spectra = {name: np.array(values) for name, values in record["spectra"].items() if name != "units"}
    assert np.mean(spectra["members"] / spectra["truth"]) == pytest.approx(1, abs=0.1)
    assert np.mean(spectra["mean"] / spectra["members"]) == pytest.approx(1 / 8, rel=0.1)
    assert np.abs(spectra["mean_coherence"]).max() < 0.2
    assert record["spectra"]["units"] == "degC2 km"
    assert spectra["wavelength_km"][0] > spectra["wavelength_km"][-1]
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert findings(case, scales=False).record()["spectra"] is None
