"""Which figures an evaluation gets, and what they choose to show."""

from dataclasses import replace

import numpy as np
import pytest

from esmlearn.evaluation.case import Case, Result
from esmlearn.evaluation.choices import (
    best_first,
    best_model,
    chosen_days,
    foremost,
    most_hidden_day,
    typical_day,
)
from esmlearn.evaluation.ensemble_scores import score_ensembles
from esmlearn.evaluation.figures import plot_case
from esmlearn.evaluation.inputs import Source
from esmlearn.evaluation.scoring import CaseScores, hidden_points, score_case
from esmlearn.fields.field import Field
from esmlearn.fields.reconstruction import Reconstruction, monthly_means
from esmlearn.settings import EvaluateSettings
from tests.evaluation.ensemble_case import ensemble_case
from tests.made_fields import make_cube, wavy_ocean

N_DAYS = 120
ERRORS = {"climatology": 1.0, "observed_mean": 0.8, "time_interpolation": 0.5, "dineof": 0.3, "Net": 0.2}


@pytest.fixture(scope="module")
def case():
    """Each method is off by its error everywhere; the share hidden rises from 20 to 80 % of a day."""
    cube = make_cube(wavy_ocean(N_DAYS))
    truth = Field.from_cube(cube)
    share = np.linspace(0.2, 0.8, N_DAYS)[:, None, None]
    field = truth.hide(np.random.default_rng(0).random(truth.values[:, 0].shape) < share)
    right, observed = truth.values[:, 0], field.observed[:, 0]
    results = []
    for name, error in ERRORS.items():
        daily = np.where(observed, right, right + np.float32(error))
        std = np.full_like(daily, error) if name == "Net" else None
        made = Reconstruction(daily, monthly_means(field, daily), std, None)
        role = "model" if name == "Net" else "baseline"
        results.append(Result(name, role, made))
    return Case(
        settings=EvaluateSettings(), dataset="Ocean", split="test", quantity="Temperature", results=tuple(results),
        observed=observed, field=truth, seen=np.where(observed, right, np.float32(np.nan)), truth=right,
        truth_source=Source("Truth", cube), observations_source=None, synthetic=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def plotted(case):
    return figures(case, score_case(case))


def figures(case, scores):
    return {figure.name: figure for figure in plot_case(case, scores)}


def titles(figure):
    return [axis.get_title() for axis in figure.figure.axes if axis.get_title()]


def test_the_model_and_the_best_baselines_are_foremost(case):
    ranked = best_first(case, score_case(case).rows)
    assert [result.name for result in ranked] == ["Net", "dineof", "time_interpolation", "observed_mean", "climatology"]
    assert [result.name for result in foremost(ranked, 3)] == ["Net", "dineof", "time_interpolation"]
    assert [result.name for result in foremost(ranked[1:] + ranked[:1], 2)] == ["dineof", "Net"]
    assert best_first(case, [])[0].name == "Net"
    assert best_model(ranked).name == "Net"
    assert best_model(ranked[1:]).name == "dineof"


def test_of_two_models_the_better_one_is_on_the_maps(case):
    worse = replace(case.results[0], name="Attic", role="model")
    both = replace(case, results=(worse, *case.results))
    rows = score_case(both).rows
    assert best_model(best_first(both, rows)).name == "Net"


def test_a_typical_day_is_of_another_season_than_the_most_hidden(case):
    assert most_hidden_day(case) > 100
    typical = typical_day(case)
    assert typical <= most_hidden_day(case) - N_DAYS / 4
    share = case.hidden[:, case.ocean].mean(axis=1)
    assert share[typical] == pytest.approx(np.median(share), abs=0.1)
    assert chosen_days(case) == [typical, most_hidden_day(case)]


def test_a_period_that_saw_nothing_shows_its_first_day(case):
    assert chosen_days(replace(case, observed=np.zeros_like(case.observed))) == [0]


def test_all_methods_are_shown_on_one_day_the_best_first(plotted):
    shown = titles(plotted["maps_methods"])
    assert shown[2:6] == ["Net", "DINEOF", "Linear in time", "Mean of observed days"]
    assert shown[6:10] == [f"Error, RMSE {error:.3f} °C" for error in (0.2, 0.3, 0.5, 0.8)]


def test_figures_with_little_room_show_the_foremost_only(plotted):
    assert titles(plotted["maps_bias"]) == ["Net", "DINEOF", "Linear in time", "Mean of observed days"]
    lines = [line.get_label() for line in plotted["time_series"].figure.axes[0].lines]
    assert lines == ["Net", "DINEOF", "Linear in time", "Truth", "Observed"]


def test_every_caption_says_that_data_are_synthetic(case, plotted):
    assert all("Ocean holds synthetic data" in figure.caption for figure in plotted.values())
    real = figures(replace(case, synthetic=False, truth=None), CaseScores())
    assert real
    assert not any("synthetic" in figure.caption for figure in real.values())


def test_withheld_observations_have_scores_but_no_maps_of_errors(case):
    withheld = ~case.observed & (np.random.default_rng(1).random(case.observed.shape) < 0.3)
    known = np.where(case.observed | withheld, case.truth, np.float32(np.nan))
    own = Source("Ocean", case.truth_source.cube)
    withheld_case = replace(case, truth=known, truth_source=own, observations_source=own)
    plotted = figures(withheld_case, score_case(withheld_case))
    assert "maps_methods" not in plotted
    assert {"skill_ranked", "maps_bias", "calibration", "skill_by_difficulty_day"} <= set(plotted)
    assert titles(plotted["maps_day"]) == ["Observed", "Net"]
    assert "Truth" not in [line.get_label() for line in plotted["time_series"].figure.axes[0].lines]


@pytest.mark.parametrize("elsewhere", [0.05, 0.6])
def test_a_dataset_of_few_points_is_a_truth_of_withheld_ones(case, elsewhere):
    """Such as floats kept apart: no month is known. Another one with gaps is not."""
    shown = np.random.default_rng(1).random(case.observed.shape) < elsewhere
    known = np.where(shown, case.truth, np.float32(np.nan))
    apart = replace(case, truth=known, truth_source=Source("Apart", case.truth_source.cube.copy()))
    assert apart.withheld == (elsewhere < 0.1)
    if apart.withheld:
        assert score_case(apart).left_out["months"].startswith("Only withheld observations are known")


def test_an_ensemble_gets_figures_of_its_own(plotted):
    case = ensemble_case()
    daily = hidden_points(case)
    made = figures(case, CaseScores(ensembles=score_ensembles(daily, case.field.grid, daily)))
    own = {"ensemble_members", "ensemble_spectra", "rank_histogram", "spread_skill"}
    assert own <= set(made)
    assert not own & set(plotted)
    assert titles(made["ensemble_members"])[:4] == ["Observed", "Truth", "Mean of the ensemble", "Spread"]
    assert made["rank_histogram"].figure.axes[0].get_title(loc="left") == "Daily fields"
    assert "some of 8 members" in made["ensemble_members"].caption
    assert "Grey: where a right ensemble" in made["rank_histogram"].caption
    assert all("conditional diffusion" in made[name].caption for name in own)
    assert all("Ocean holds synthetic data" in made[name].caption for name in own)


def test_without_a_truth_members_are_shown_without_errors():
    plotted = figures(ensemble_case(truth=None), CaseScores())
    assert titles(plotted["ensemble_members"]) == ["Observed", "Mean of the ensemble", "Spread", "Member 1", "Member 2"]
    assert "error" not in plotted["ensemble_members"].caption
    assert not {"ensemble_spectra", "rank_histogram", "spread_skill"} & set(plotted)
