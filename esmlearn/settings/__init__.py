"""One frozen, validated model for each block of a recipe: every default is said here, and only here."""

from esmlearn.settings.ablations import AblationSettings, ablation_problems
from esmlearn.settings.base import Block, Period, Positive, Share, period_dates
from esmlearn.settings.data import DataSettings, GapSettings, SplitSettings
from esmlearn.settings.densify import HideSettings, PlacesSettings, SurfaceSettings, TrainDensifySettings
from esmlearn.settings.diffusion import (
    DenoiserTrainingSettings,
    DiffusionSettings,
    DiffusionTrainSettings,
    EnsembleSettings,
    SamplerSettings,
)
from esmlearn.settings.downscale import (
    ConditionSettings,
    DownscaleDataSettings,
    InSituSettings,
    TrainDownscaleSettings,
)
from esmlearn.settings.evaluation import EvaluateSettings, Place, Region, ReportSettings
from esmlearn.settings.fill import TrainFillSettings
from esmlearn.settings.networks import DenoiserSettings, ModelSettings, ResidualUNetSettings
from esmlearn.settings.reconstruct import (
    Baseline,
    BaselineSettings,
    DineofSettings,
    Interpolation,
    Kernel,
    OptimalInterpolationSettings,
    ReconstructSettings,
    WithholdSettings,
)
from esmlearn.settings.scripts import ESMVALCORE_KEYS, SCRIPTS, TRAIN, check_script, from_script, settings_of
from esmlearn.settings.training import (
    TrainingLoopSettings,
    TrainReconstructSettings,
    TrainScriptSettings,
    TransformerTrainingSettings,
)

__all__ = [
    "ESMVALCORE_KEYS",
    "SCRIPTS",
    "TRAIN",
    "AblationSettings",
    "TrainScriptSettings",
    "Baseline",
    "BaselineSettings",
    "Block",
    "ConditionSettings",
    "DataSettings",
    "DenoiserSettings",
    "DenoiserTrainingSettings",
    "DiffusionSettings",
    "DiffusionTrainSettings",
    "DineofSettings",
    "DownscaleDataSettings",
    "EnsembleSettings",
    "EvaluateSettings",
    "GapSettings",
    "HideSettings",
    "InSituSettings",
    "Interpolation",
    "Kernel",
    "TrainingLoopSettings",
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
    "TrainDensifySettings",
    "TrainDownscaleSettings",
    "TrainFillSettings",
    "TrainReconstructSettings",
    "TransformerTrainingSettings",
    "WithholdSettings",
    "ablation_problems",
    "check_script",
    "from_script",
    "period_dates",
    "settings_of",
]
