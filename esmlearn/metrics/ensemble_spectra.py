"""Whether members keep the small scales that their mean loses, and where: power, and coherence with the truth."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from esmlearn.metrics.comparison import CLIMATOLOGY, Comparison, Method
from esmlearn.metrics.spectra import Spectra, power_spectra
from esmlearn.metrics.uncertainty import ratio


@dataclass(frozen=True)
class EnsembleSpectra:
    """Mean spectra along longitude, of the truth, of the members (averaged over them), and of their mean.

    Attributes
    ----------
    frequency
        Waves in a kilometre, rising.
    truth, members, mean
        Power spectral density, in the square of the data's units times km.
    members_coherence, mean_coherence
        Coherence in phase with the truth: 1 where every wave is right, 0 where waves lie at random. That of a member
        of a right ensemble is the square of that of a large ensemble's mean.
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
    """Estimate the spectra of an ensemble as `power_spectra` does those of methods.

    Parameters
    ----------
    comparison
        Truth, hidden points and weights; of its methods only a climatology counts, from which anomalies are taken.
    members
        Values in the units of the truth.
    lat, lon
        Cell centres in degrees.

    Returns
    -------
    EnsembleSpectra or None
        None if no segment is long enough, or none was ever mostly hidden.
    """
    names = [f"member {number}" for number in range(len(members))]
    methods = [method for method in comparison.methods if method.name == CLIMATOLOGY]
    methods += [Method(name, "model", member) for name, member in zip(names, members, strict=True)]
    methods.append(Method("mean", "model", members.mean(axis=0)))
    spectra = power_spectra(replace(comparison, methods=tuple(methods)), lat, lon)
    if spectra is None:
        return None
    power = np.mean([spectra.mean(spectra.methods[name]) for name in names], axis=0)
    coherences = [coherence(spectra, name) for name in names]
    return EnsembleSpectra(
        spectra.frequency,
        spectra.mean(spectra.truth),
        power,
        spectra.mean(spectra.methods["mean"]),
        np.mean(coherences, axis=0),
        coherence(spectra, "mean"),
    )


def coherence(spectra: Spectra, name: str) -> Float[np.ndarray, " frequency"]:
    r"""Coherence of a method with the truth, in phase: the correlation of their waves of each length.

    .. math:: \frac{\mathrm{Re} \, S_{xy}}{\sqrt{S_{xx} S_{yy}}}, \quad
              2 \, \mathrm{Re} \, S_{xy} = S_{xx} + S_{yy} - S_{x - y}

    The error's spectrum holds the co-spectrum, as all steps from values to waves are linear. NaN where there is no
    power.
    """
    truth, method = spectra.mean(spectra.truth), spectra.mean(spectra.methods[name])
    together = (truth + method - spectra.mean(spectra.errors[name])) / 2
    return ratio(together, np.sqrt(truth * method))
