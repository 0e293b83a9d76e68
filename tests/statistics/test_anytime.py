"""Looking often without fooling oneself: promises kept over all looks together."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from wargame.statistics.anytime import (
    confidence_sequence,
    difference_sequence,
    log_e_value,
    look,
    stop_on_precision,
)
from wargame.statistics.paired import mcnemar
from wargame.statistics.pairs import Pairs
from wargame.statistics.planning import pairs_for_difference
from wargame.statistics.shares import critical, share_interval

LOOKS = np.linspace(100, 5000, 50).astype(int)


def walks(gained: float, lost: float, batches: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative discordant counts at 50 looks of 100 pairs each, shape (batches, 50)."""
    rng = np.random.default_rng(seed)
    steps = rng.multinomial(100, [gained, lost, 1 - gained - lost], size=(batches, len(LOOKS)))
    totals = steps.cumsum(axis=1)
    return totals[:, :, 0], totals[:, :, 1]


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (3, 2), (40, 12)])
def test_the_e_value_is_the_likelihood_averaged_over_all_odds(gained: int, lost: int) -> None:
    averaged = quad(lambda p: p**gained * (1 - p) ** lost, 0, 1)[0]
    assert log_e_value(gained, lost) == pytest.approx(math.log(averaged * 2 ** (gained + lost)))


def test_fifty_looks_fool_the_p_value_and_not_the_e_value() -> None:
    gained, lost = walks(0.05, 0.05, 4000, seed=1)
    by_p = (mcnemar(gained, lost) <= 0.05).any(axis=1).mean()
    by_e = (log_e_value(gained, lost) >= math.log(20)).any(axis=1).mean()
    assert by_p > 0.2
    assert by_e < 0.03


def test_the_e_value_stops_near_the_planned_number_of_pairs() -> None:
    gained, lost = walks(0.06, 0.04, 4000, seed=2)
    stopped = log_e_value(gained, lost) >= math.log(20)
    first = np.where(stopped.any(axis=1), stopped.argmax(axis=1), len(LOOKS) - 1)
    median = float(np.median(LOOKS[first]))
    assert 1.0 < median / pairs_for_difference(0.02, 0.10) < 1.4


@pytest.mark.parametrize(("count", "n"), [(0, 50), (50, 50), (3, 400), (200, 400), (5, 10**7)])
def test_a_confidence_sequence_ends_where_the_bet_is_won(count: int, n: int) -> None:
    low, high = (float(end) for end in confidence_sequence(count, n, 0.05))
    assert low <= count / n <= high

    def winnings(p: float) -> float:
        # B(k+1, n-k+1) over the likelihood, by log-gamma
        mixture = math.lgamma(count + 1) + math.lgamma(n - count + 1) - math.lgamma(n + 2)
        return mixture - count * math.log(p) - (n - count) * math.log1p(-p)

    for end in (low, high):
        if 0 < end < 1:
            assert winnings(end) == pytest.approx(math.log(20), abs=1e-6)


def test_without_a_run_anything_is_possible() -> None:
    low, high = confidence_sequence(0, 0)
    assert (float(low), float(high)) == (0.0, 1.0)


@pytest.mark.parametrize("share", [0.002, 0.05, 0.5])
def test_a_confidence_sequence_is_seldom_wrong_even_once(share: float) -> None:
    count, _ = walks(share, 0.0, 4000, seed=3)
    low, high = confidence_sequence(count, LOOKS, 0.05)
    assert ((share < low) | (share > high)).any(axis=1).mean() < 0.05


def test_differences_hold_at_all_looks() -> None:
    gained, lost = walks(0.06, 0.04, 2000, seed=4)
    low, high = difference_sequence(gained, lost, LOOKS, 0.05)
    assert ((low > 0.02) | (high < 0.02)).any(axis=1).mean() < 0.05


def test_a_difference_is_that_of_its_two_kinds_of_pair() -> None:
    up_low, up_high = confidence_sequence(60, 1000, 0.025)
    down_low, down_high = confidence_sequence(40, 1000, 0.025)
    assert difference_sequence(60, 40, 1000, 0.05) == (up_low - down_high, up_high - down_low)


def table(gained: int, lost: int, both: int, neither: int) -> Pairs:
    """Two endings: KABOOM or not."""
    transitions = np.array([[both, lost, 0], [gained, neither, 0], [0, 0, 0]])
    return Pairs("base", "policy", ("KABOOM", "Korea"), transitions, {})


def test_a_look_at_a_running_batch() -> None:
    found = look(table(gained=60, lost=10, both=100, neither=830))
    kaboom, korea = found.rows
    assert (kaboom.share, kaboom.difference) == (0.16, 0.05)
    assert (korea.share, korea.difference) == (0.84, -0.05)
    assert kaboom.log_e == pytest.approx(float(log_e_value(60, 10)))
    # Two outcomes share the error rate.
    assert (kaboom.low, kaboom.high) == confidence_sequence(160, 1000, 0.05 / 2)
    assert kaboom.resolved
    assert korea.resolved
    assert kaboom.words().endswith("moved up")
    assert korea.words("ja").endswith("低下")


def test_a_look_without_evidence() -> None:
    found = look(table(gained=5, lost=5, both=10, neither=80))
    assert not any(row.resolved for row in found.rows)
    assert found.words().count("so far") == 2


COUNTS = {"base": {"Korea": 5000, "KABOOM": 100}, "policy": {"Korea": 4000, "KABOOM": 300}}


def test_all_variants_stop_together() -> None:
    found = stop_on_precision(COUNTS, 10_000, 0.005)
    assert not found.reached
    assert (found.variant, found.name) == ("base", "Korea")
    grown = {v: {e: 5 * c for e, c in named.items()} for v, named in COUNTS.items()}
    n = 10_000 + found.more
    done = stop_on_precision(
        {v: {e: round(c * n / 50_000) for e, c in named.items()} for v, named in grown.items()},
        n,
        0.005,
    )
    assert done.reached
    assert done.half_width == pytest.approx(0.005, rel=1e-3)


@pytest.mark.parametrize(("share", "target"), [(0.01, 0.005), (0.05, 0.01), (0.3, 0.02)])
def test_stopping_on_width_keeps_the_coverage(share: float, target: float) -> None:
    """Checked after every 100 runs from 400 on, as a batch does."""
    n = np.arange(100, 10_001, 100)
    count = np.random.default_rng(5).binomial(100, share, (4000, len(n))).cumsum(axis=1)
    low, high = share_interval(count, n, critical(0.05))
    stop = ((n >= 400) & ((high - low) / 2 <= target)).argmax(axis=1)[:, None]
    covered = np.take_along_axis((low <= share) & (share <= high), stop, axis=1)
    assert 0.925 < covered.mean() < 0.975


def test_never_before_the_least_number_of_runs() -> None:
    found = stop_on_precision({"base": {"Korea": 100}}, 100, 0.5 - 1e-9)
    assert not found.reached
    assert found.more == 300


def test_nothing_to_judge_by() -> None:
    with pytest.raises(ValueError, match="no runs"):
        stop_on_precision({}, 0, 0.01)


def test_words() -> None:
    found = stop_on_precision(COUNTS, 10_000, 0.005)
    assert found.words() == (
        "widest interval ±1.13 % (Korea, base), asked for ±0.50 %: about 41,000 more runs of each"
    )
    assert found.words("ja") == (
        "最も広い区間は±1.13 %（Korea、base）、目標は±0.50 %：各変種あと約41,000回"
    )
