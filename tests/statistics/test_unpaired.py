"""Differences between runs that do not share their luck."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest, chi2_contingency, fisher_exact

from wargame.statistics.planning import more_to_resolve_unpaired
from wargame.statistics.shares import critical
from wargame.statistics.unpaired import (
    Sample,
    homogeneity,
    newcombe,
    ratio_of_shares,
    square_and_add,
    unpaired_study,
)


def sample(variant: str, war: int, peace: int, failed: int = 0, crisis: int = 0) -> Sample:
    return Sample(
        variant, war + peace + failed, failed, {"War": war, "Peace": peace}, {"crisis": crisis}
    )


@pytest.mark.parametrize(
    ("count", "n", "base", "base_n", "low", "high"),
    [
        # Newcombe 1998, table II, method 10.
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_published_intervals(
    count: int, n: int, base: int, base_n: int, low: float, high: float
) -> None:
    ends, base_ends = (
        binomtest(k, of).proportion_ci(0.95, "wilson") for k, of in ((count, n), (base, base_n))
    )
    found = square_and_add(count / n, *ends, base / base_n, *base_ends)
    assert np.array(found) == pytest.approx([low, high], abs=5e-5)


def test_the_interval_covers_as_promised() -> None:
    luck = np.random.default_rng(2022)
    for p, q, n in ((0.02, 0.03, 400), (0.3, 0.3, 200), (0.5, 0.6, 1000)):
        low, high = newcombe(luck.binomial(n, p, 20_000), n, luck.binomial(n, q, 20_000), n, 1.96)
        covered = ((low <= p - q) & (p - q <= high)).mean()
        assert 0.95 < covered < 0.98


@pytest.mark.parametrize("family", [1, 8])
def test_the_interval_covers_as_promised_where_both_are_rare(family: int) -> None:
    """Summed over all counts, not drawn: expected a twentieth of a time to thirty times."""
    n, base_n = 400, 2000
    counts, base_counts = np.arange(100)[:, None], np.arange(300)[None, :]
    low, high = newcombe(counts, n, base_counts, base_n, critical(0.05, family))
    for p in np.array([0.05, 0.3, 1, 3, 10, 30]) / n:
        for q in np.array([0.05, 0.3, 1, 3, 10, 30]) / n:
            weights = binom.pmf(counts, n, p) * binom.pmf(base_counts, base_n, q)
            missed = (weights * ((p - q < low) | (p - q > high))).sum()
            assert missed <= 0.05 / family


def test_the_mix_is_tested_by_chi_square() -> None:
    base, variant = {"a": 30, "b": 50, "c": 20, "never": 0}, {"a": 45, "b": 40, "c": 15, "never": 0}
    found = homogeneity(base, variant)
    expected = chi2_contingency([[30, 50, 20], [45, 40, 15]], correction=False)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.degrees == 2
    assert homogeneity({"a": 5}, {"a": 7}).p == 1.0


def test_a_large_difference_is_resolved_and_none_is_small() -> None:
    found = unpaired_study([(sample("a", 3000, 7000), sample("b", 4000, 6000))]).comparisons[0]
    assert {row.name: row.verdict.kind for row in found} == {
        "War": "up", "Peace": "down", "crisis": "small",
    }  # fmt: skip
    assert found.base_n == found.n == 10_000
    assert found["War"].pairing == 1
    exact = fisher_exact([[3000, 7000], [4000, 6000]]).pvalue
    assert found["War"].p >= exact, "an ending cannot be more certain than the mix"


def test_an_open_question_says_how_many_more_runs() -> None:
    found = unpaired_study([(sample("a", 300, 700), sample("b", 330, 670))]).comparisons[0]
    verdict = found["War"].verdict
    assert verdict.kind == "open"
    assert verdict.more is not None and 2000 < verdict.more < 20_000
    assert verdict.aim == "direction"


@pytest.mark.parametrize(
    ("wars", "n", "base_wars", "base_n", "final"),
    [
        (330, 1000, 300, 1000, ("up",)),
        (40, 2000, 27, 1000, ("down",)),
        (300, 1000, 301, 1000, ("small",)),
    ],
)
def test_so_many_more_runs_of_each_bring_the_verdict_in_four_of_five_cases(
    wars: int, n: int, base_wars: int, base_n: int, final: tuple[str, ...]
) -> None:
    seen = unpaired_study(
        [(sample("a", base_wars, base_n - base_wars), sample("b", wars, n - wars))]
    )
    verdict = seen.comparisons[0]["War"].verdict
    assert verdict.kind == "open" and verdict.more is not None
    luck = np.random.default_rng(11)
    runs = (
        luck.binomial(n + verdict.more, wars / n, 150),
        luck.binomial(base_n + verdict.more, base_wars / base_n, 150),
    )
    kinds = []
    for b, a in zip(*runs, strict=True):
        of_base = sample("a", int(a), base_n + verdict.more - int(a))
        of_variant = sample("b", int(b), n + verdict.more - int(b))
        kinds.append(unpaired_study([(of_base, of_variant)]).comparisons[0]["War"].verdict.kind)
    assert 0.72 < np.isin(kinds, final).mean() < 0.9


def test_two_folders_that_hardly_differ_are_not_asked_for_millions_of_runs() -> None:
    """To resolve 0.02 points would take tens of millions; that it is below a point, far fewer."""
    found = unpaired_study([(sample("a", 650, 4350), sample("b", 651, 4349))])
    verdict = found.comparisons[0]["War"].verdict
    assert (verdict.kind, verdict.aim) == ("open", "bound")
    assert verdict.more is not None and verdict.more < 100_000
    assert more_to_resolve_unpaired(0.13, 0.1302, 0, 0, critical(0.05), 0.8) > 20_000_000


@pytest.mark.parametrize("family", [1, 8])
def test_the_interval_of_a_ratio_covers_as_promised(family: int) -> None:
    """Summed over all counts, not drawn."""
    n, base_n = 400, 2000
    counts, base_counts = np.arange(120)[:, None], np.arange(300)[None, :]
    low, high = ratio_of_shares(counts, n, base_counts, base_n, critical(0.05, family))
    for p in np.array([0.3, 1, 3, 10, 30, 60]) / n:
        for q in np.array([0.3, 1, 3, 10, 30, 60]) / n:
            weights = binom.pmf(counts, n, p) * binom.pmf(base_counts, base_n, q)
            missed = (weights * ((p / q < low) | (p / q > high))).sum()
            assert missed <= 0.05 / family


def test_failed_runs_can_undo_a_difference() -> None:
    clean = unpaired_study([(sample("a", 300, 700), sample("b", 400, 600))]).comparisons[0]
    assert clean["War"].verdict.kind == "up"
    dirty = unpaired_study([(sample("a", 300, 600, 100), sample("b", 400, 600))]).comparisons[0]
    assert dirty["War"].verdict.kind == "masked", "they may all have been wars"


def test_false_discoveries_stay_rare() -> None:
    luck = np.random.default_rng(7)
    false = 0
    for _ in range(100):
        wars = luck.binomial(500, 0.3, 6)
        sides = [
            (sample("a", int(a), 500 - int(a)), sample("b", int(b), 500 - int(b)))
            for a, b in wars.reshape(3, 2)
        ]
        found = unpaired_study(sides)
        false += any(row.verdict.resolved for one in found for row in one)
    assert false <= 5


def test_no_runs_no_answer() -> None:
    with pytest.raises(ValueError, match="has no runs"):
        unpaired_study([(sample("a", 1, 1), sample("b", 0, 0))])
