"""Shares of endings: exact against scipy and statsmodels, and right as often as they say."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from wargame.statistics.shares import (
    critical,
    never_seen,
    share,
    share_interval,
    shares,
)

Interval = Callable[[np.ndarray, int, float], tuple[np.ndarray, np.ndarray]]


def wilson(k: np.ndarray, n: int, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval; at z = critical(alpha, K) it is Goodman's for K shares."""
    p, scale = k / n, 1 + z * z / n
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return np.where(k > 0, (middle - half) / scale, 0), np.where(k < n, (middle + half) / scale, 1)


@pytest.mark.parametrize("n", [1, 2, 37, 120])
@pytest.mark.parametrize("family", [1, 8])
def test_the_interval_of_counted_runs_is_the_exact_one_of_scipy(n: int, family: int) -> None:
    counts = np.arange(n + 1)
    low, high = share_interval(counts, n, critical(0.05, family))
    for k in counts.tolist():
        exact = binomtest(k, n).proportion_ci(1 - 0.05 / family, "exact")
        assert low[k] == pytest.approx(exact.low, abs=1e-12)
        assert high[k] == pytest.approx(exact.high, abs=1e-12)


def test_goodmans_intervals_are_wilsons_at_the_simultaneous_level() -> None:
    """Against statsmodels: multinomial_proportions_confint(counts, 0.05, "goodman")."""
    low, high = wilson(np.array([41, 12, 0, 147, 200]), 400, critical(0.05, 5))
    expected_low = [0.06970365, 0.01456851, 0.0, 0.30803919, 0.43613179]
    expected_high = [0.14826804, 0.06076909, 0.01631659, 0.43128471, 0.56386821]
    assert low == pytest.approx(expected_low, abs=1e-8)
    assert high == pytest.approx(expected_high, abs=1e-8)


def miss(interval: Interval, n: int, family: int) -> np.ndarray:
    """How often the interval misses, as a multiple of what is promised; summed, not drawn.

    For a dense grid of true shares, from one expected a thousandth of a time up to a half, and
    for the shares just outside an end of some interval, where the most is missed.
    """
    counts, z = np.arange(n + 1), critical(0.05, family)
    low, high = interval(counts, n, z)
    edges = np.concatenate([low * (1 - 1e-9), high * (1 + 1e-9)])
    shares = np.concatenate([np.geomspace(0.001 / n, 0.5, 400), edges[edges < 0.999]])[:, None]
    weights = binom.pmf(counts, n, shares)
    missed = (shares < low) | (shares > high)
    found: np.ndarray = (weights * missed).sum(axis=1) / (0.05 / family)
    return found


@pytest.mark.parametrize("n", [1, 7, 50, 400, 1000])
@pytest.mark.parametrize("family", [1, 8, 20])
def test_an_interval_misses_at_most_as_often_as_promised_whatever_the_share(
    n: int, family: int
) -> None:
    """Each of K at 1 - alpha / K, so by Bonferroni's inequality all K at 1 - alpha."""
    assert miss(share_interval, n, family).max() <= 1 + 1e-6


def test_why_not_goodmans_or_a_patch_of_it() -> None:
    """Wilson's lower end jumps with the first cases, at K = 8 to 16 times the promised miss."""

    def patched(k: np.ndarray, n: int, z: float) -> tuple[np.ndarray, np.ndarray]:
        rare = np.minimum(k, n - k) < 10
        (low, high), (least, most) = wilson(k, n, z), share_interval(k, n, z)
        return np.where(rare, np.minimum(low, least), low), np.where(
            rare, np.maximum(high, most), high
        )

    assert miss(wilson, 400, 8).max() > 15
    assert miss(patched, 400, 8).max() > 2


def test_being_exact_costs_little_width() -> None:
    counts = np.array([20, 100, 600, 5000])
    (low, high), (least, most) = (
        interval(counts, 20_000, critical(0.05, 8)) for interval in (wilson, share_interval)
    )
    assert ((most - least) / (high - low) < 1.02).all()


MIXES = {
    "K = 8, all common": [0.3, 0.2, 0.15, 0.1, 0.1, 0.06, 0.05, 0.04],
    "K = 8, some rare": [0.4, 0.25, 0.15, 0.1, 0.05, 0.03, 0.015, 0.005],
    "K = 8, some hardly ever": [0.5, 0.3, 0.19, 0.0085, 0.001, 0.00025, 0.00025, 0.0],
}


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_all_shares_hold_at_once_in_95_of_100_batches(mix: list[float]) -> None:
    true = np.array(mix)
    counts = np.random.default_rng(8).multinomial(400, true, size=40_000)

    def coverage(family: int) -> float:
        low, high = share_interval(np.arange(401), 400, critical(0.05, family))
        return float(((low[counts] <= true) & (true <= high[counts])).all(axis=1).mean())

    assert 0.95 < coverage(family=8) < 0.99
    # Why it matters: each interval by itself would hold, all eight together would not.
    assert coverage(family=1) < 0.9


def test_never_seen_is_the_share_that_stays_unseen_once_in_twenty() -> None:
    for n in (1, 20, 400, 1_000_000):
        bound = never_seen(n, 0.05)
        assert n * np.log1p(-bound) == pytest.approx(np.log(0.05))
        exact = binomtest(0, n, alternative="less").proportion_ci(0.95, "exact")
        assert bound == pytest.approx(exact.high)
    assert never_seen(100_000) == pytest.approx(3 / 100_000, rel=0.002)
    assert never_seen(0) == 1.0


def test_a_failed_run_stays_in_the_denominator() -> None:
    found = shares({"Korea": 60, "KABOOM": 0}, failed=40)
    assert found.n == 100
    assert found["Korea"].share == 0.6
    assert found["failed"].share == 0.4
    z = critical(0.05, 2)
    assert found["KABOOM"].worst_high == pytest.approx(float(share_interval(40, 100, z)[1]))
    assert found["Korea"].worst_low == found["Korea"].low
    assert "failed runs allow" in found["KABOOM"].words()


def test_without_failures_the_worst_case_is_the_interval() -> None:
    row = share("Korea", 30, 100)
    assert (row.worst_low, row.worst_high) == (row.low, row.high)


def test_milestones_may_overlap() -> None:
    found = shares({"kaboom": 70, "Expansion": 60}, n=100)
    assert [row.share for row in found] == [0.7, 0.6]


def test_a_condition_that_never_occurred_says_nothing() -> None:
    row = share("KABOOM|kaboom", 0, 0)
    assert (row.low, row.high) == (0.0, 1.0)
    assert json.loads(json.dumps(row.to_json()))["share"] is None
    assert row.words() == "KABOOM|kaboom: no model run to judge by"


@pytest.mark.parametrize(("count", "n", "failed"), [(-1, 5, 0), (4, 5, 2), (0, 5, -1)])
def test_numbers_that_are_no_counts(count: int, n: int, failed: int) -> None:
    with pytest.raises(ValueError, match="KABOOM"):
        share("KABOOM", count, n, failed=failed)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1])
def test_an_error_rate_lies_between_0_and_1(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        critical(alpha)


def test_a_share_in_brief_carries_its_interval_and_what_was_never_seen_its_bound() -> None:
    found = shares({"peace": 96, "war": 4, "none": 0})
    assert found["war"].brief() == "4.0 % (0.8–11.4)"
    assert found["none"].brief() == "none (at most 4.1 %)"
    assert found["none"].brief("ja") == "なし（多くとも4.1 %）"


def test_words() -> None:
    row = share("KABOOM", 620, 20_000)
    assert row.words() == "KABOOM: 3.10 % of 20,000 model runs (2.86 to 3.35 %)"
    assert row.words("ja") == "KABOOM：モデル実行20,000回の3.10 %（2.86～3.35 %）"
    never = share("Cuba", 0, 20_000)
    assert never.words() == "Cuba: never in 20,000 model runs (so at most 0.015 %)"
    assert never.words("ja") == "Cuba：モデル実行20,000回中一度もなし（多くとも0.015 %）"
