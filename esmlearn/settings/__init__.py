"""Settings of the scripts: one frozen class for each block of a recipe, which checks it and has its defaults."""

from esmlearn.settings.ablations import AblationSettings, ablation_problems
from esmlearn.settings.base import Block, Period, Positive, Share, period_dates
from esmlearn.settings.compare import CompareSettings
from esmlearn.settings.data import DataSettings, GapSettings, SplitSettings
from esmlearn.settings.densify import HideSettings, TrainDensifySettings
from esmlearn.settings.diffusion import (
    DenoiserTrainingSettings,
    DiffusionSettings,
    DiffusionTrainSettings,
    EnsembleSettings,
    GapTrainSettings,
    SamplerSettings,
)
from esmlearn.settings.downscale import TrainDownscaleSettings
from esmlearn.settings.evaluation import EvaluateSettings, Place, Region, ReportSettings
from esmlearn.settings.fill import TrainFillSettings
from esmlearn.settings.input import InputSettings, TimeSettings
from esmlearn.settings.networks import DenoiserOptions, DenoiserSettings, ModelSettings, ResidualUNetSettings
from esmlearn.settings.profiles import ProfileSettings
from esmlearn.settings.reconstruct import (
    Baseline,
    BaselineSettings,
    DineofSettings,
    Interpolation,
    Kernel,
    KrigingComponent,
    KrigingSettings,
    OptimalInterpolationSettings,
    ReconstructSettings,
    WithholdSettings,
)
from esmlearn.settings.scripts import ESMVALCORE_KEYS, SCRIPTS, TRAIN, check_script, from_script, names_of, settings_of
from esmlearn.settings.training import TrainingLoopSettings, TrainReconstructSettings, TrainScriptSettings
