"""Splitting replicates, against chains whose answer is known."""

import json
import math

import numpy as np
import pytest
from scipy.stats import t

from wargame.statistics.rare import combine_replicates


def test_the_estimate_by_hand() -> None:
    hits = [[50, 10], [40, 20], [60, 0]]
    found = combine_replicates("KABOOM", hits, 100)
    estimates = np.array([0.05, 0.08, 0.0])
    se = estimates.std(ddof=1) / math.sqrt(3)
    assert found.share == pytest.approx(estimates.mean())
    assert found.se == pytest.approx(se)
    factor = math.exp(t.ppf(0.975, 2) * se / estimates.mean())
    assert found.low == pytest.approx(found.share / factor)
    assert found.high == pytest.approx(min(1.0, found.share * factor))
    assert found.levels == pytest.approx((0.5, 0.1))
    assert (found.replicates, found.arrived) == (3, 2)


def test_a_replicate_that_died_out_counts_as_nothing() -> None:
    """It may report no effort beyond the stage where it died."""
    found = combine_replicates("KABOOM", [[5, 5], [0, 0]], [[10, 10], [10, 0]])
    assert found.share == pytest.approx(0.125)
    assert found.levels == (0.25, 0.5)


@pytest.mark.parametrize("replicates", [10, 40])
def test_the_interval_covers_and_the_estimate_is_unbiased(replicates: int) -> None:
    """Four stages of one in twenty each: 6.25e-6, from 200 runs a stage."""
    rng, true, batches = np.random.default_rng(1), 0.05**4, 2000
    hits = rng.binomial(200, 0.05, size=(batches, replicates, 4))
    found = [combine_replicates("KABOOM", h, 200) for h in hits]
    assert np.mean([row.share for row in found]) == pytest.approx(true, rel=0.03)
    missed = np.mean([not row.low <= true <= row.high for row in found])
    assert missed < 0.08


def test_dying_out_does_not_bias() -> None:
    """Clones of the few that got through: with small effort many replicates die on the way."""
    rng = np.random.default_rng(2)
    estimates = []
    for _ in range(300):
        hits = np.zeros((20, 3), dtype=int)
        alive = np.ones(20, dtype=bool)
        for stage in range(3):
            hits[:, stage] = np.where(alive, rng.binomial(20, 0.08, 20), 0)
            alive &= hits[:, stage] > 0
        estimates.append(combine_replicates("KABOOM", hits, 20).share)
    error = np.std(estimates) / math.sqrt(len(estimates))
    assert np.mean(estimates) == pytest.approx(0.08**3, abs=4 * error)


def test_if_none_arrives_there_is_still_an_upper_bound() -> None:
    found = combine_replicates("KABOOM", np.array([[30, 3, 0]] * 20), 100)
    assert (found.share, found.low, found.arrived) == (0.0, 0.0, 0)
    assert found.high == pytest.approx(0.3 * 0.03 * (1 - 0.05 ** (1 / 20)))
    assert found.crude_runs is None
    assert "not reached by any of 20" in found.words()
    assert "一度も到達せず" in found.words("ja")


def test_plain_runs_can_contradict() -> None:
    rng = np.random.default_rng(3)
    found = combine_replicates("KABOOM", rng.binomial(400, 0.1, size=(40, 3)), 400)
    assert found.agrees(count=100, n=100_000)
    assert found.agrees(count=0, n=1000)
    assert not found.agrees(count=200, n=100_000)
    assert not found.agrees(count=20, n=100_000)


def test_worth_in_plain_runs() -> None:
    rng = np.random.default_rng(4)
    found = combine_replicates("KABOOM", rng.binomial(400, 0.05, size=(40, 4)), 400)
    assert found.crude_runs is not None
    plain_se = math.sqrt(found.share * (1 - found.share) / found.crude_runs)
    assert plain_se == pytest.approx(found.se)
    assert found.crude_runs > 100 * 40 * 4 * 400


@pytest.mark.parametrize(
    ("hits", "effort"), [([[1, 1]], 10), ([1, 1], 10), ([[11], [1]], 10), ([[-1], [1]], 10)]
)
def test_what_are_no_replicates(hits: list[list[int]], effort: int) -> None:
    with pytest.raises(ValueError, match="KABOOM"):
        combine_replicates("KABOOM", hits, effort)


def test_words_and_json() -> None:
    found = combine_replicates("KABOOM", [[20, 20], [22, 20], [21, 19], [19, 20]], 1000)
    assert found.words().startswith("KABOOM: 0.0004 of model runs, 1 in 2,500 (")
    assert "2,500分の1" in found.words("ja")
    json.dumps(found.to_json(), allow_nan=False)
