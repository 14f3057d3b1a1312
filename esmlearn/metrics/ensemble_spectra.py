"""Power spectra of ensemble members and of their mean, and their coherence with the truth."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from esmlearn.metrics.comparison import CLIMATOLOGY, Comparison, Method
from esmlearn.metrics.spectra import Spectra, power_spectra
from esmlearn.metrics.uncertainty import ratio


@dataclass(frozen=True)
class EnsembleSpectra:
    """Spectra along longitude of the truth, of the members (their average), and of the mean of the ensemble.

    Attributes
    ----------
    frequency
        Waves in a kilometre, rising.
    truth, members, mean
        Power spectral density, in the square of the data's units times km.
    members_coherence, mean_coherence
        Coherence in phase with the truth: 1 where every wave agrees, 0 where the phases are random. In a large reliable
        ensemble, the coherence of a member is the square of that of the mean.
    """

    frequency: Float[np.ndarray, " frequency"]
    truth: Float[np.ndarray, " frequency"]
    members: Float[np.ndarray, " frequency"]
    mean: Float[np.ndarray, " frequency"]
    members_coherence: Float[np.ndarray, " frequency"]
    mean_coherence: Float[np.ndarray, " frequency"]


def ensemble_spectra(
    comparison: Comparison,
    members: Float[np.ndarray, "member time lat lon"],
    lat: Float[np.ndarray, " lat"],
    lon: Float[np.ndarray, " lon"],
) -> EnsembleSpectra | None:
    """Estimate the spectra of an ensemble in the same way as `power_spectra` those of methods.

    Parameters
    ----------
    comparison
        Truth, hidden points and weights; of its methods only climatology is used, for the anomalies.
    members
        Values in the units of the truth.
    lat, lon
        Cell centres in degrees.

    Returns
    -------
    EnsembleSpectra or None
        None if no segment is long enough, or none was hidden by half or more on any day.
    """
    names = [f"member {number}" for number in range(len(members))]
    methods = [method for method in comparison.methods if method.name == CLIMATOLOGY]
    methods += [Method(name, "model", member) for name, member in zip(names, members, strict=True)]
    methods.append(Method("mean", "model", members.mean(axis=0)))
    spectra = power_spectra(replace(comparison, methods=tuple(methods)), lat, lon)
    if spectra is None:
        return None
    return EnsembleSpectra(
        frequency=spectra.frequency,
        truth=spectra.mean(spectra.truth),
        members=np.mean([spectra.mean(spectra.methods[name]) for name in names], axis=0),
        mean=spectra.mean(spectra.methods["mean"]),
        members_coherence=np.mean([coherence(spectra, name) for name in names], axis=0),
        mean_coherence=coherence(spectra, "mean"),
    )


def coherence(spectra: Spectra, name: str) -> Float[np.ndarray, " frequency"]:
    r"""Give the coherence of a method with the truth, in phase: the correlation of their waves of each length.

    .. math:: \frac{\mathrm{Re} \, S_{xy}}{\sqrt{S_{xx} S_{yy}}}, \quad
              2 \, \mathrm{Re} \, S_{xy} = S_{xx} + S_{yy} - S_{x - y}

    The co-spectrum follows from the spectrum of the error, as all steps from values to waves are linear. NaN where
    there is no power.
    """
    truth, method = spectra.mean(spectra.truth), spectra.mean(spectra.methods[name])
    together = (truth + method - spectra.mean(spectra.errors[name])) / 2
    return ratio(together, np.sqrt(truth * method))
