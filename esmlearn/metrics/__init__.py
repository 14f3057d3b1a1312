"""Scores of a report: how far each method is from the truth at points whose values it was not given."""

from esmlearn.metrics.calibration import gaussian_crps
from esmlearn.metrics.comparison import Comparison, Method, Row, as_csv, hidden_share_of_month, monthly_truth
from esmlearn.metrics.difficulty import (
    Bins,
    by_coast,
    by_days,
    by_distance,
    by_height,
    by_hour,
    by_month,
    by_season,
    by_share_hidden,
    by_surface,
    days_to_observation,
    distance_to_coast,
    distance_to_observation,
    share_hidden,
)
from esmlearn.metrics.ensemble import energy_score, fair_variance, rank_histogram, spread_skill_bins
from esmlearn.metrics.ensemble_spectra import ensemble_spectra
from esmlearn.metrics.exceedances import exceedance_rows
from esmlearn.metrics.extremes import Surroundings, heatwave_days, heatwave_threshold, score_heatwaves
from esmlearn.metrics.images import psnr, ssim
from esmlearn.metrics.points import break_down, mean_error_map, score
from esmlearn.metrics.quantiles import quantile_records, quantile_rows
from esmlearn.metrics.radial import lost_scales, power_rows, radial_records, radial_spectra
from esmlearn.metrics.refinement import consistency_rows
from esmlearn.metrics.reliability import reliability
from esmlearn.metrics.spectra import Spectra, effective_resolution, power_spectra, resolution_rows, spectra_records
from esmlearn.metrics.uncertainty import BlockBootstrap
