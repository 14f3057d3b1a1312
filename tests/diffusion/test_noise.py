"""Noise belongs to its member, day and draw, and to nothing else."""

import math

import numpy as np
import pytest
import torch

from esmlearn.diffusion import MemberNoise

SHAPE = (2, 30, 40)
DAY = 731_000


def test_a_member_has_the_same_noise_in_any_company():
    noise = MemberNoise(3)
    many = noise.source([0, 1, 2, 3, 4], DAY, SHAPE)(7)
    few = noise.source([3], DAY, SHAPE)(7)
    assert torch.equal(many[3:4], few)
    assert torch.equal(MemberNoise(3).draw(3, DAY, 7, SHAPE), few[0])


def test_overlapping_tiles_share_their_noise():
    noise = MemberNoise(0, decorrelation_days=2.0)
    whole = noise.source([1, 2], DAY, SHAPE)(0)
    tile = noise.source([1, 2], DAY, SHAPE, rows=slice(5, 15), columns=slice(20, 40))(0)
    assert torch.equal(tile, whole[:, :, 5:15, 20:40])


@pytest.mark.parametrize("days", [0.0, 3.0])
def test_seeds_members_days_and_draws_have_noise_of_their_own(days):
    first = MemberNoise(0, days).draw(0, DAY, 0, SHAPE)
    others = [
        MemberNoise(1, days).draw(0, DAY, 0, SHAPE),
        MemberNoise(0, days).draw(1, DAY, 0, SHAPE),
        MemberNoise(0, days).draw(0, DAY + 30, 0, SHAPE),
        MemberNoise(0, days).draw(0, DAY, 1, SHAPE),
        MemberNoise(0, days).draw(0, -DAY, 0, SHAPE),  # days before the calendar began
    ]
    for other in others:
        assert abs(correlation(first, other)) < 0.08


@pytest.mark.parametrize("days", [0.5, 2.0, 10.0])
def test_days_are_correlated_as_promised_and_of_unit_variance(days):
    shape = (1, 250, 250)
    noise = MemberNoise(5, decorrelation_days=days)
    first = noise.draw(0, DAY, 0, shape)
    assert first.mean().item() == pytest.approx(0.0, abs=0.02)
    assert first.std().item() == pytest.approx(1.0, abs=0.012)
    for lag in (1, 2, 5, 20):
        found = correlation(first, noise.draw(0, DAY + lag, 0, shape))
        assert found == pytest.approx(math.exp(-lag / days), abs=0.035)


def test_a_day_needs_no_day_before_it():
    """Whatever was drawn before, in whatever order."""
    noise = MemberNoise(2, decorrelation_days=4.0)
    expected = MemberNoise(2, decorrelation_days=4.0).draw(0, DAY + 9, 0, SHAPE)
    for day in range(DAY, DAY + 9):
        noise.draw(0, day, 0, SHAPE)
    assert torch.equal(noise.draw(0, DAY + 9, 0, SHAPE), expected)


def test_changing_what_was_drawn_changes_no_later_draw():
    noise = MemberNoise(0)
    first = noise.draw(0, DAY, 0, SHAPE)
    kept = first.clone()
    first.zero_()
    assert torch.equal(noise.draw(0, DAY, 0, SHAPE), kept)


def correlation(first, second):
    return float(np.corrcoef(first.flatten(), second.flatten())[0, 1])
