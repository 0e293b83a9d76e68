"""Plans, checked by carrying them out."""

from collections.abc import Callable
from math import ceil

import numpy as np
import pytest
from scipy.stats import norm

from wargame.statistics.paired import difference_interval, mcnemar
from wargame.statistics.planning import (
    more_to_resolve_unpaired,
    pairs_for_difference,
    runs_for_bound,
    runs_for_half_width,
    runs_to_see,
)
from wargame.statistics.shares import critical, never_seen, share_interval


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("half_width", [0.005, 0.05])
def test_planned_runs_give_the_width_and_one_fewer_does_not(
    share: float, half_width: float
) -> None:
    def width(n: int) -> float:
        low, high = share_interval(share * n, n, critical(0.05, 8))
        return float(high - low) / 2

    n = runs_for_half_width(half_width, share, family=8)
    assert width(n) <= half_width < width(n - 1)


def test_common_shares_follow_the_textbook() -> None:
    assert runs_for_half_width(0.005) == pytest.approx(1.96**2 * 0.25 / 0.005**2, rel=0.01)


def runs_of_each(p: float, q: float, alpha: float = 0.05, power: float = 0.8) -> int:
    return more_to_resolve_unpaired(p, q, 0, 0, critical(alpha), power)


def test_pairing_saves_three_runs_in_four() -> None:
    """Two points' difference, 10 % discordant, 80 % power: the worked case."""
    pairs = pairs_for_difference(0.02, 0.10)
    assert pairs == 1960
    assert runs_of_each(0.10, 0.12) == 3841


@pytest.mark.parametrize("power", [0.8, 0.9])
@pytest.mark.parametrize("alpha", [0.05, 0.001])
@pytest.mark.parametrize(("p", "q"), [(0.1, 0.12), (0.013, 0.02), (0.5, 0.4)])
def test_plans_are_the_textbooks(p: float, q: float, alpha: float, power: float) -> None:
    z, zb, d = norm.isf(alpha / 2), norm.ppf(power), abs(p - q)
    mean = (p + q) / 2
    two_shares = (z * (2 * mean * (1 - mean)) ** 0.5 + zb * (p * (1 - p) + q * (1 - q)) ** 0.5) / d
    assert runs_of_each(p, q, alpha, power) == ceil(two_shares**2)
    psi = 3 * d
    mcnemars = (z * psi**0.5 + zb * (psi - d * d) ** 0.5) / d
    assert pairs_for_difference(d, psi, alpha=alpha, power=power) == ceil(mcnemars**2)
    # Equivalence, the truth being no difference: both ends have to fit, so beta is halved.
    equivalent = ((z + norm.isf((1 - power) / 2)) / 0.01) ** 2 * psi
    assert runs_for_bound(0.01, 0.0, psi, z, power) == pytest.approx(equivalent, abs=1)


def test_planned_pairs_have_the_power_they_promise() -> None:
    pairs = pairs_for_difference(0.02, 0.10)
    drawn = np.random.default_rng(1).multinomial(pairs, [0.06, 0.04, 0.90], 20_000)
    power = (mcnemar(drawn[:, 0], drawn[:, 1]) <= 0.05).mean()
    assert 0.77 < power < 0.83


@pytest.mark.parametrize(("difference", "discordant"), [(0.0, 0.0), (0.002, 0.05), (-0.004, 0.2)])
def test_a_planned_bound_is_reached_with_the_power_promised(
    difference: float, discordant: float
) -> None:
    z = critical(0.05, 10)
    n = runs_for_bound(0.01, difference, discordant - difference**2, z, 0.8)
    up, down = (discordant + difference) / 2, (discordant - difference) / 2
    drawn = np.random.default_rng(2).multinomial(n, [up, down, 1 - up - down], 5000)
    low, high = difference_interval(drawn[:, 0], drawn[:, 1], n, z)
    reached = (np.maximum(-low, high) <= 0.01).mean()
    assert 0.77 < reached < 0.83 if discordant else reached == 1


def test_runs_to_see_is_the_never_seen_bound_read_backwards() -> None:
    assert runs_to_see(never_seen(5000)) == 5000


@pytest.mark.parametrize(
    "plan",
    [
        lambda: runs_for_half_width(0.0),
        lambda: runs_for_half_width(0.1, 1.5),
        lambda: runs_to_see(0.0),
        lambda: pairs_for_difference(0.0, 0.1),
        lambda: pairs_for_difference(0.2, 0.1),
        lambda: runs_for_bound(0.01, 0.02, 0.1, 1.96, 0.8),
    ],
)
def test_what_no_number_of_runs_can_do(plan: Callable[[], int]) -> None:
    with pytest.raises(ValueError):
        plan()
