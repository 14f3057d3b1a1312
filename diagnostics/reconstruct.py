"""Apply trained models and the baselines of their task to a dataset, and save the results as CF netCDF.

Ancestors: the datasets, and the scripts that trained the models (or `model:`, the folder of one). Leaves, for each
method, a file with the complete days and one with the months; each has the field, its standard deviation and what was
observed. The members of an ensemble are in files of their own, with the dimension `realization`, and so are their
quantiles if the recipe lists some; `ablations/` has members that were sampled otherwise. Figures show the sampling.
"""

from typing import Any

from esmlearn.bridge.diagnostic import run_diagnostic
from esmlearn.bridge.paths import climatology_from_start, find_models
from esmlearn.bridge.products import Products
from esmlearn.fields.input_data import InputData
from esmlearn.settings import ReconstructSettings, from_script
from esmlearn.tasks import apply, load_model


def main(cfg: dict[str, Any]) -> None:
    """Reconstruct one dataset with all methods."""
    settings, data = from_script(ReconstructSettings, cfg), InputData(cfg["input_data"])
    climatology = climatology_from_start(settings.climatology, data.all_names)
    settings = settings.model_copy(update={"climatology": climatology})
    folders = find_models(cfg, settings.model)
    application = apply([load_model(folder) for folder in folders], data, settings)
    Products(cfg, settings, folders, application).save_all()


if __name__ == "__main__":
    with run_diagnostic() as config:
        main(config)
