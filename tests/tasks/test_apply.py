"""Models that don't go together, and settings that they can't follow, are refused before any work."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from esmlearn.errors import DataError, SettingsError
from esmlearn.fields.climatology import Climatology, Scaling
from esmlearn.fields.periods import select_role
from esmlearn.models.transformer.spatiotemporal import SpatioTemporalModel
from esmlearn.settings import ReconstructSettings
from esmlearn.tasks import TASKS, apply
from esmlearn.tasks.ensembles.model import TrainedEnsemble
from esmlearn.tasks.fill.apply import Filler
from esmlearn.tasks.fill.model import TrainedFiller, build_network
from esmlearn.tasks.outputs import MethodOutput
from esmlearn.tasks.reconstruct.model import TrainedTransformer
from tests.small import small_ocean, small_settings
from tests.tasks.densify.test_densify import densify_settings
from tests.tasks.downscale.test_downscale import downscale_settings
from tests.tasks.fill.test_fill import DRAW, fill_settings
from tests.tasks.given import give

SETTINGS = ReconstructSettings(period="2002-07-01/2002-07-10", baselines=())


def make_transformer(seed: int = 0, **model) -> TrainedTransformer:
    """A transformer with random weights."""
    settings, (_, complete) = small_settings(model=model), small_ocean()
    climatology = Climatology.fit(complete)
    torch.manual_seed(seed)
    network = SpatioTemporalModel(settings.model)
    return TrainedTransformer(network, settings, complete.land, {}, climatology, Scaling.fit(complete, climatology))


@pytest.fixture(scope="module")
def models():
    """A model of each task; those that only their settings are asked of have nothing else."""
    transformer, nothing = make_transformer(), np.zeros((2, 2), bool)
    filler = TrainedFiller(
        build_network(fill_settings()), fill_settings(), transformer.land, {}, np.ones(1, np.float32), None,
        transformer.climatology, transformer.scaling, 0.0, transformer,
    )  # fmt: skip
    bare = {}
    for task, settings in (("densify", densify_settings()), ("downscale", downscale_settings())):
        kind = type(f"Bare{task}", (TrainedEnsemble,), {"task": task})
        bare[task] = kind(None, settings, nothing, {}, np.ones(1, np.float32), None)
    return {"reconstruct": transformer, "fill": filler, **bare}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    observations, complete = (field.to_cubes()[0] for field in small_ocean())
    return give(tmp_path_factory.mktemp("data"), Cloudy=observations, Complete=complete)


def refusal(models, settings=SETTINGS) -> str:
    """Say why models are refused; there are no data that any work could begin with."""
    with pytest.raises(SettingsError) as refused:
        apply(models, None, settings)
    return str(refused.value)


@pytest.mark.parametrize("task", TASKS)
def test_two_models_of_one_task_are_refused(models, task):
    sentence = refusal([models[task], models[task]])
    assert f"({task}, {task})" in sentence
    assert sentence.count(". ") == 0
    assert task in refusal([models["fill"], models[task], models[task]])


@pytest.mark.parametrize(
    "names",
    [
        ("fill", "densify"),
        ("densify", "reconstruct"),
        ("reconstruct", "downscale"),
        ("densify", "downscale"),
        ("reconstruct", "fill", "densify"),
    ],
)
def test_models_of_tasks_that_do_not_go_together_are_refused(models, names):
    for order in (names, names[::-1]):
        assert f"tasks {' and '.join(order)} can't be applied by one script" in refusal([models[one] for one in order])


@pytest.mark.parametrize("other", [make_transformer(seed=1), make_transformer(hidden=16)])
def test_a_transformer_that_the_ensemble_does_not_depart_from_is_refused(models, data, other):
    for ancestors in ([other, models["fill"]], [models["fill"], other]):
        with pytest.raises(SettingsError, match="another SpatioTemporalModel than the one that the ensemble departs"):
            apply(ancestors, data, SETTINGS)


def test_the_transformer_of_an_ensemble_may_stand_beside_it(models, data):
    """Whether it is the same object, or the same weights read again: it comes first, and members depart from it."""
    own = models["reconstruct"]
    again = replace(own, network=SpatioTemporalModel(own.settings.model))
    again.network.load_state_dict(own.network.state_dict())
    for ancestors in ([models["fill"]], [models["fill"], own], [again, models["fill"]]):
        applied = apply(ancestors, data, SETTINGS)
        assert (applied.dataset, applied.short_name) == ("Cloudy", "tos")
        assert json.loads(applied.attributes["esmlearn_gaps"])["kind"] == "data"
        first = next(applied.outputs)
        assert first.method == "SpatioTemporalModel"
        assert len(first.field.dates) == 10


def test_a_transformer_beside_an_ensemble_from_the_climatology_is_applied_too(models, data):
    alone = replace(models["fill"], base_model=None)
    first = next(apply([alone, make_transformer(seed=1)], data, SETTINGS).outputs)
    assert first.method == "SpatioTemporalModel"


@pytest.mark.parametrize("task", ["reconstruct", "fill", "densify"])
def test_only_super_resolution_leaves_times_out(models, task):
    assert "`every` is for super-resolution" in refusal([models[task]], SETTINGS.model_copy(update={"every": 2}))


def test_members_are_smoothed_if_they_learned_to_and_super_resolution_has_no_outliers(models):
    smooth, outliers = ({"smooth_observed": True}, {"outliers": "report"})
    for task, why in (("fill", "has learned the truth"), ("densify", "has learned the truth"), ("downscale", "gaps")):
        assert why in refusal([models[task]], SETTINGS.model_copy(update=smooth))
    assert "`outliers` are of observations" in refusal([models["downscale"]], SETTINGS.model_copy(update=outliers))


def test_ablations_are_of_an_ensemble_that_allows_them(models):
    def ask(**ablation):
        return ReconstructSettings(ablations={"some": ablation})

    assert "`ablations` are of an ensemble" in refusal([models["reconstruct"]], ask(steps=2))
    assert "ablations.some.without names surface" in refusal([models["fill"]], ask(without=["surface"]))
    assert "ablations.some.without names surface" in refusal(
        [models["reconstruct"], models["fill"]], ask(without=["surface"])
    )
    assert "ablations.some.without names hour" in refusal([models["densify"]], ask(without=["hour"]))
    assert "ablations.some.share is for gaps" in refusal([models["downscale"]], ask(share=0.5))


def test_what_was_learned_elsewhere_meets_the_climate_of_the_observations(models, tmp_path):
    """Observations that the model was not trained on are anomalies from their own past, on the training grid, too."""
    cold, _ = small_ocean()
    warm = replace(cold, values=cold.values + np.float32(5))
    data = give(tmp_path, Cold=cold.to_cubes()[0], Warm=warm.to_cubes()[0])
    asked = SETTINGS.model_copy(update={"baselines": ("climatology",)})
    methods = [
        list(apply([models["reconstruct"]], data, asked.model_copy(update={"observations": name})).outputs)
        for name in ("Cold", "Warm")
    ]
    for colder, warmer in zip(*methods, strict=True):
        ocean = ~colder.field.land
        np.testing.assert_allclose((warmer.result.daily - colder.result.daily)[:, ocean], 5, atol=1e-3)
    learned = models["reconstruct"].settings.data
    training = select_role(cold, learned.split, "train")
    climatology = Climatology.fit(training, harmonics=learned.harmonics)
    hidden = ~colder.field.observed[:, 0] & ocean
    np.testing.assert_allclose(colder.result.daily[hidden], climatology.of(colder.field)[hidden], atol=1e-4)


@pytest.mark.parametrize("chosen", [("reconstruct",), ("fill",)])
@pytest.mark.parametrize(
    ("asked", "days", "words", "change"),
    [
        ({}, slice(None), "that of the training", 0),  # trained and applied on one record
        ({"model": "folder"}, slice(None), "fitted to the new data themselves", 5),
        ({"model": "folder"}, slice(-100, None), "that of the training, adapted to the new data", 5),
        ({"model": "folder", "climatology": "training"}, slice(None), "that of the training", 0),
    ],
)
def test_new_data_bring_their_climatology(models, tmp_path, chosen, asked, days, words, change):
    """That of a record that is 5 degrees warmer is as much warmer, unless that of the training is asked for."""
    cold, _ = small_ocean()
    cold = cold[days]
    warm = replace(cold, values=cold.values + np.float32(5))
    period = f"{cold.dates[-6]:%Y-%m-%d}/{cold.dates[-1]:%Y-%m-%d}"
    settings = SETTINGS.model_copy(
        update={
            **asked,
            "period": period,
            "baselines": ("climatology",),
            "ensemble": DRAW.model_copy(update={"members": 2}),
        }
    )
    methods = []
    for number, field in enumerate((cold, warm)):
        folder = tmp_path / str(number)
        folder.mkdir()
        applied = apply([models[one] for one in chosen], give(folder, Cloudy=field.to_cubes()[0]), settings)
        assert applied.attributes["esmlearn_climatology"].startswith(words)
        outputs = [output for output in applied.outputs if isinstance(output, MethodOutput)]
        assert outputs[-1].method == "climatology"
        methods.append(outputs[-1])
    colder, warmer = methods
    hidden = ~colder.field.observed[:, 0] & ~colder.field.land
    moved = (warmer.result.daily - colder.result.daily)[hidden]
    np.testing.assert_allclose(moved, change, atol=0.1)


@pytest.mark.parametrize("task", ["reconstruct", "fill"])
@pytest.mark.parametrize(
    ("days", "climatology", "change"),
    [(slice(-420, None), None, 5), (slice(-120, None), None, 5), (slice(-120, None), "training", 0)],
)
def test_a_notebook_gives_new_data_their_climatology_too(models, task, days, climatology, change):
    """On the grid of the training, weeks after the last observation are as much warmer as the observations before."""
    cold = small_ocean()[0][days]
    n_times = len(cold.dates)
    cold = cold.hide(np.broadcast_to((np.arange(n_times) >= n_times - 60)[:, None, None], cold.observed[:, 0].shape))
    warm = replace(cold, values=cold.values + np.float32(5))
    model = TASKS[task].ready(models[task])
    if task == "fill":
        model = Filler(model.trained, DRAW.model_copy(update={"members": 2}))
    colder, warmer = (model.reconstruct(field.to_cubes()[0], climatology=climatology).data for field in (cold, warm))
    np.testing.assert_allclose((warmer - colder)[-20:, ~cold.land], change, atol=0.3)


def test_new_data_bring_their_land(models):
    """A cell that the training had as land and that has a value now is ocean; `training` takes its land as it is."""
    field = small_ocean()[0][slice(-60, None)]
    known = models["reconstruct"]
    bank = replace(known, land=known.land | np.eye(*known.land.shape, dtype=bool))
    cube, model = field.to_cubes()[0], TASKS["reconstruct"].ready(bank)
    new, old = (np.ma.getmaskarray(model.reconstruct(cube, land=land).data)[0] for land in (None, "training"))
    np.testing.assert_array_equal(new, field.land)
    np.testing.assert_array_equal(old, bank.land)


def test_the_climatology_of_the_training_is_refused_on_another_grid(models, tmp_path):
    field, _ = small_ocean()
    part = field.region(slice(0, -1), slice(None))
    asked = SETTINGS.model_copy(update={"climatology": "training", "model": "folder"})
    refused = pytest.raises(DataError, match="climatology is `training`, but the data are on another grid")
    with refused:
        apply([models["reconstruct"]], give(tmp_path, Cloudy=part.to_cubes()[0]), asked)
    with refused:
        TASKS["reconstruct"].ready(models["reconstruct"]).reconstruct(part.to_cubes()[0], climatology="training")
