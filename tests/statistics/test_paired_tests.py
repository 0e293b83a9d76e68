"""McNemar, Tango, Stuart-Maxwell and the difference of ratios, against what is known of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest

from wargame.statistics.paired import (
    difference_interval,
    mcnemar,
    ratio_difference,
    stuart_maxwell,
)
from wargame.statistics.result import IntArray
from wargame.statistics.shares import critical

counts = st.integers(0, 300)


@given(counts, counts)
def test_mcnemar_is_the_binomial_test(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert float(mcnemar(gained, lost)) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_on_agrestis_survey() -> None:
    """150 against 86 discordant: statsmodels' exact mcnemar gives 3.716e-05."""
    assert mcnemar([150, 11], [86, 3]) == pytest.approx([3.7159361395713866e-05, 0.057373046875])


def score(d: float, gained: int, lost: int, n: int) -> float:
    """Tango's z, with the nuisance parameter found by maximising the likelihood itself."""

    def against(q: float) -> float:
        p, same = q + d, 1 - 2 * q - d
        return -(gained * math.log(p) + lost * math.log(q) + (n - gained - lost) * math.log(same))

    bounds = (max(0.0, -d) + 1e-12, (1 - d) / 2 - 1e-12)
    q = minimize_scalar(against, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
    return (gained - lost - n * d) / math.sqrt(n * (2 * q + d - d * d))


@pytest.mark.parametrize(("gained", "lost", "n"), [(150, 86, 1600), (41, 12, 400), (3, 9, 50)])
@pytest.mark.parametrize("z", [1.96, 2.73])
def test_the_interval_ends_where_the_score_test_rejects(
    gained: int, lost: int, n: int, z: float
) -> None:
    low, high = difference_interval(gained, lost, n, z)
    assert score(float(low), gained, lost, n) == pytest.approx(z, rel=1e-5)
    assert score(float(high), gained, lost, n) == pytest.approx(-z, rel=1e-5)


def test_many_discordant_pairs_give_the_textbook_interval() -> None:
    """Agresti's survey of 1,600 voters: 0.04 +- 1.96 x 0.0095."""
    low, high = difference_interval(150, 86, 1600, 1.96)
    assert (float(low), float(high)) == (
        pytest.approx(0.0213, abs=2e-4),
        pytest.approx(0.0590, abs=3e-4),
    )


def test_no_discordant_pair_is_not_certainty() -> None:
    low, high = difference_interval(0, 0, 1000, 2.0)
    assert (float(low), float(high)) == (pytest.approx(-4 / 1004), pytest.approx(4 / 1004))


@given(counts, counts, st.integers(0, 1000))
def test_swapping_the_variants_flips_the_interval(gained: int, lost: int, same: int) -> None:
    n = gained + lost + same
    low, high = difference_interval(gained, lost, n, 1.96)
    back_low, back_high = difference_interval(lost, gained, n, 1.96)
    assert (low, high) == (-back_high, -back_low)
    if n:
        assert -1 <= low <= (gained - lost) / n <= high <= 1


@pytest.mark.parametrize("shares", [(0.01, 0.005), (0.002, 0.001), (0.05, 0.05), (0.0, 0.01)])
def test_the_interval_covers_even_far_out_and_with_few_discordant_pairs(
    shares: tuple[float, float],
) -> None:
    gained, lost = shares
    drawn = np.random.default_rng(5).multinomial(500, [gained, lost, 1 - gained - lost], 20_000)
    for alpha in (0.05, 0.05 / 8):
        low, high = difference_interval(drawn[:, 0], drawn[:, 1], 500, critical(alpha))
        missed = 1 - np.mean((low <= gained - lost) & (gained - lost <= high))
        assert missed < 1.3 * alpha


def test_stuart_maxwell_on_stuarts_eyes() -> None:
    """Vision of 7,477 women's right and left eyes (Stuart 1955): chi-square 11.96 on 3."""
    eyes = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]
    found = stuart_maxwell(eyes)
    assert found.statistic == pytest.approx(11.95656962298254)
    assert (found.degrees, found.p) == (3, pytest.approx(0.007533425054800591))


def test_stuart_maxwell_of_two_categories_is_mcnemars_chi_square() -> None:
    found = stuart_maxwell([[794, 86], [150, 570]])
    assert found.statistic == pytest.approx((150 - 86) ** 2 / (150 + 86))
    assert found.degrees == 1


def test_an_ending_nobody_entered_or_left_changes_nothing() -> None:
    table = np.array([[50, 9, 4], [2, 60, 7], [1, 8, 90]])
    wider = np.zeros((5, 5), dtype=int)
    wider[np.ix_([0, 2, 4], [0, 2, 4])] = table
    wider[1, 1] = 1000  # always reached by both: no news; category 3 is empty
    assert stuart_maxwell(wider).statistic == pytest.approx(stuart_maxwell(table).statistic)
    assert stuart_maxwell(wider).degrees == stuart_maxwell(table).degrees == 2


def test_endings_that_exchange_nothing_are_tested_apart() -> None:
    """Two closed pairs of endings: the chi-squares and the degrees of freedom add up."""
    table = np.zeros((4, 4), dtype=int)
    table[0, 1], table[1, 0], table[2, 3], table[3, 2] = 20, 8, 5, 14
    found = stuart_maxwell(table)
    assert found.statistic == pytest.approx(12**2 / 28 + 9**2 / 19)
    assert found.degrees == 2


def test_without_a_discordant_pair_nothing_moved() -> None:
    assert stuart_maxwell(np.diag([10, 20, 30])).p == 1.0


def test_stuart_maxwell_is_right_five_times_in_a_hundred() -> None:
    symmetric = np.array([[0.3, 0.05, 0.02], [0.05, 0.3, 0.06], [0.02, 0.06, 0.14]])
    drawn = np.random.default_rng(2).multinomial(600, symmetric.ravel(), 3000)
    rejected = np.mean([stuart_maxwell(t).p <= 0.05 for t in drawn.reshape(-1, 3, 3)])
    assert 0.037 < rejected < 0.063


# outside the condition, in it without the outcome, in it with the outcome
RATIOS = np.array([[8500, 200, 100], [100, 800, 100], [20, 30, 150]])


def test_ratio_difference_by_hand() -> None:
    found = ratio_difference(RATIOS, 1.96)
    assert found.base == pytest.approx(200 / 1200)
    assert found.variant == pytest.approx(350 / 1380)
    assert found.difference == pytest.approx(found.variant - found.base)
    # Each side alone is an ordinary share of its own condition: SE² = R (1 - R) / G.
    alone = [r * (1 - r) / g for r, g in ((found.base, 1200), (found.variant, 1380))]
    assert found.unpaired_se == pytest.approx(math.sqrt(sum(alone)))
    assert found.se < found.unpaired_se


def ratio_bootstrap(
    table: IntArray, *, alpha: float = 0.05, draws: int = 4000, seed: int = 0
) -> tuple[float, float]:
    """A bootstrap interval of a difference of ratios: a check on the delta method.

    Runs are drawn again, not rows: a pair keeps its two halves together. Since all that matters
    about a pair is its cell, drawing n pairs is one multinomial draw over the table. Percentile
    interval; draws in which a side never meets the condition are left out.
    """
    counts = np.asarray(table, dtype=float)
    n = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(n, counts.ravel() / n, size=draws)
    cells = drawn.reshape(draws, 3, 3)
    base, variant = cells.sum(axis=2), cells.sum(axis=1)
    sizes = base[:, 1:].sum(axis=1), variant[:, 1:].sum(axis=1)
    met = (sizes[0] > 0) & (sizes[1] > 0)
    difference = variant[met, 2] / sizes[1][met] - base[met, 2] / sizes[0][met]
    low, high = np.quantile(difference, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def test_delta_method_and_bootstrap_over_runs_agree() -> None:
    found = ratio_difference(RATIOS, 1.96)
    low, high = ratio_bootstrap(RATIOS, draws=20_000)
    assert low == pytest.approx(found.low, abs=0.002)
    assert high == pytest.approx(found.high, abs=0.002)


def test_twins_in_every_state_leave_no_error() -> None:
    found = ratio_difference(np.diag([100, 20, 30]), 1.96)
    assert (found.difference, found.se) == (0.0, 0.0)
    assert found.low < 0 < found.high
    assert found.p == pytest.approx(1.0)


def test_a_condition_that_never_occurred_has_no_ratio() -> None:
    found = ratio_difference(np.array([[90, 5, 5], [0, 0, 0], [0, 0, 0]]), 1.96)
    assert math.isnan(found.base)
    assert math.isnan(found.difference)


@pytest.mark.parametrize("n", [300, 3000])
def test_ratio_intervals_cover(n: int) -> None:
    cells = RATIOS / RATIOS.sum()
    true = ratio_difference(RATIOS, 1.96).difference
    drawn = np.random.default_rng(4).multinomial(n, cells.ravel(), 2000).reshape(-1, 3, 3)
    found = [ratio_difference(table, 1.96) for table in drawn]
    missed = np.mean([not row.low <= true <= row.high for row in found])
    assert missed < 0.065
