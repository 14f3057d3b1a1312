"""Figures of a report; every function returns a matplotlib Figure and writes no file."""

from esmlearn.plots.breakdowns import rmse_by
from esmlearn.plots.curves import time_series, training_curve
from esmlearn.plots.diffusion import error_on_the_way, estimates_on_the_way, schedules
from esmlearn.plots.downscaling import maps_showcase, quantiles, radial_spectra
from esmlearn.plots.ensemble import ensemble_spectra, maps_ensemble, rank_histograms, spread_skill
from esmlearn.plots.filled import FilledDay, maps_filled
from esmlearn.plots.geographic import Grid
from esmlearn.plots.maps import MethodMap, Panel, maps, maps_bias, maps_methods, maps_monthly
from esmlearn.plots.ranking import heatwave_days, ranked_skill
from esmlearn.plots.spectra import spectra
from esmlearn.plots.uncertainty import Spread, calibration
