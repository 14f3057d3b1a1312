"""One frozen, validated model for each block of a recipe: every default is said here, and only here."""

from esmlearn.settings.ablations import AblationSettings, ablation_problems
from esmlearn.settings.base import Block, Period, Positive, Share, period_dates
from esmlearn.settings.data import DataSettings, GapSettings, SplitSettings
from esmlearn.settings.downscaling import (
    ConditionSettings,
    DownscaleDataSettings,
    DownscaleTrainSettings,
    InSituSettings,
)
from esmlearn.settings.ensembles import (
    DenoiserTrainingSettings,
    DiffusionSettings,
    EnsembleSettings,
    EnsembleTrainSettings,
    HideSettings,
    PlacesSettings,
    SamplerSettings,
    SurfaceSettings,
)
from esmlearn.settings.evaluation import EvaluateSettings, Place, Region, ReportSettings
from esmlearn.settings.methods import (
    Baseline,
    BaselineSettings,
    DineofSettings,
    Interpolation,
    Kernel,
    OptimalInterpolationSettings,
    ReconstructSettings,
    WithholdSettings,
)
from esmlearn.settings.networks import DenoiserSettings, ModelSettings, ResidualUNetSettings
from esmlearn.settings.scripts import ESMVALCORE_KEYS, SCRIPTS, check_script, from_script, settings_of
from esmlearn.settings.training import AnyTrainSettings, LoopSettings, TrainingSettings, TrainSettings

__all__ = [
    "ESMVALCORE_KEYS",
    "SCRIPTS",
    "AblationSettings",
    "AnyTrainSettings",
    "Baseline",
    "BaselineSettings",
    "Block",
    "ConditionSettings",
    "DataSettings",
    "DenoiserSettings",
    "DenoiserTrainingSettings",
    "DiffusionSettings",
    "DineofSettings",
    "DownscaleDataSettings",
    "DownscaleTrainSettings",
    "EnsembleSettings",
    "EnsembleTrainSettings",
    "EvaluateSettings",
    "GapSettings",
    "HideSettings",
    "InSituSettings",
    "Interpolation",
    "Kernel",
    "LoopSettings",
    "ModelSettings",
    "OptimalInterpolationSettings",
    "Period",
    "Place",
    "PlacesSettings",
    "Positive",
    "ReconstructSettings",
    "Region",
    "ReportSettings",
    "ResidualUNetSettings",
    "SamplerSettings",
    "Share",
    "SplitSettings",
    "SurfaceSettings",
    "TrainSettings",
    "TrainingSettings",
    "WithholdSettings",
    "ablation_problems",
    "check_script",
    "from_script",
    "period_dates",
    "settings_of",
]
