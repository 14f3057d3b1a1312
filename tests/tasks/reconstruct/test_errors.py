"""A transformer that looks at the errors of observations: its samples, its training, and its analysis."""

import numpy as np
import pytest

from esmlearn.errors import DataError
from esmlearn.fields.anomalies import Anomalies
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.tasks.reconstruct.apply import Reconstructor
from esmlearn.tasks.reconstruct.samples import TrainingWindows
from esmlearn.tasks.reconstruct.train import fit
from tests.small import small_ocean, small_settings

ERRORS = {"observation_errors": True}


def windows(*, error: float | None) -> TrainingWindows:
    """Windows of the complete ocean under the clouds of the cloudy one; without errors where there is none."""
    observations, complete = small_ocean()
    climatology = Climatology.fit(complete)
    scaling = Scaling.fit(complete, climatology)
    errors = None if error is None else Anomalies.of(observations.with_error(error), climatology, scaling).error
    return TrainingWindows(
        Anomalies.of(complete, climatology, scaling),
        observations.observed[:, 0],
        small_settings(model={} if error is None else ERRORS).model,
        errors=errors,
        hide_days=1.0,
        seed=0,
        length=4,
    )


def test_samples_are_noisy_as_their_errors_say_and_targets_are_not():
    """The difference from the target has a spread of one in units of the errors, which are the same for all."""
    noisy, clean = windows(error=0.5), windows(error=None)
    found = []
    for index in range(4):
        window, plain = noisy[index], clean[index]
        inputs, seen = window.inputs, ~window.inputs.daily_mask
        np.testing.assert_array_equal(window.target, plain.target)
        np.testing.assert_array_equal(inputs.daily_mask, plain.inputs.daily_mask)
        np.testing.assert_array_equal(inputs.nearby_observed, plain.inputs.nearby_observed)
        np.testing.assert_array_equal(plain.inputs.x[seen], window.target[seen])
        error = inputs.nearby_error[inputs.nearby_observed]
        assert error.numpy() == pytest.approx(float(error[0]))
        assert not inputs.nearby_error[~inputs.nearby_observed].any()
        found.append(((inputs.x - window.target)[seen] / error[0]).numpy())
    found = np.concatenate(found)
    assert found.mean() == pytest.approx(0, abs=0.05)
    assert found.std() == pytest.approx(1, abs=0.05)


def test_the_same_sample_has_the_same_noise_in_every_run():
    np.testing.assert_array_equal(windows(error=0.5)[2].inputs.x, windows(error=0.5)[2].inputs.x)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    observations, complete = small_ocean()
    return fit(observations.with_error(0.5), complete, small_settings(model=ERRORS), tmp_path_factory.mktemp("run"))


def test_a_trained_model_listens_less_to_noisy_observations(trained):
    field = small_ocean()[0][slice(600, 640)]
    sharp, vague = (Reconstructor(trained).reconstruct_field(field.with_error(error)) for error in (0.01, 5.0))
    observed, ocean = field.observed[:, 0], ~field.land
    np.testing.assert_array_equal(sharp.daily[observed], field.values[:, 0][observed])
    assert vague.daily_std[observed] == pytest.approx(5.0)
    cycle = trained.climatology.at(field.year_fraction)
    hidden = ~observed & ocean
    assert np.abs(vague.daily - cycle)[hidden].mean() < 0.8 * np.abs(sharp.daily - cycle)[hidden].mean()


def test_the_analysis_lies_between_the_observation_and_what_the_model_says_without_it(trained):
    field = small_ocean()[0][slice(600, 640)]
    observed = field.observed[:, 0]
    close, far = (Reconstructor(trained).smooth_field(field.with_error(error)).daily[observed] for error in (1e-3, 2.0))
    assert close == pytest.approx(field.values[:, 0][observed], abs=1e-3)
    assert np.abs(far - field.values[:, 0][observed]).mean() > 0.05


def test_a_model_that_needs_errors_says_so(trained, tmp_path):
    observations, complete = small_ocean()
    with pytest.raises(DataError, match=r"observation_errors.*but the data have none: give `error`"):
        Reconstructor(trained).reconstruct_field(observations[slice(600, 640)])
    with pytest.raises(DataError, match=r"needs observations with known errors: give data.error"):
        fit(observations, complete, small_settings(model=ERRORS), tmp_path)
