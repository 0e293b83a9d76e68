"""Chances of draws from an urn, against every way of drawing written out."""

from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from wargame.statistics.urns import chance_of, inclusion

WEIGHTS = np.array([[5.0, 1.0], [3.0, 1.0], [2.0, 0.0], [0.0, 7.0]])  # 4 options, 2 urns
HOLD = 1


def ways(weights: np.ndarray, draws: int, returned: int | None) -> dict[tuple[int, ...], float]:
    """The chance of every sequence of draws from one urn."""
    found = {}
    for order in product(range(len(weights)), repeat=draws):
        left, chance = weights.astype(float).copy(), 1.0
        for option in order:
            chance *= left[option] / left.sum() if left.sum() else 0.0
            if option != returned:
                left[option] = 0
        found[order] = chance
    return found


@pytest.mark.parametrize("draws", [1, 2, 3])
@pytest.mark.parametrize("returned", [None, HOLD])
def test_they_are_the_sums_over_all_ways_of_drawing(draws: int, returned: int | None) -> None:
    for urn in range(2):
        column = WEIGHTS[:, urn]
        every = ways(column, draws, returned)
        for drawn in combinations_with_replacement(range(4), draws):
            same = sum(p for order, p in every.items() if sorted(order) == list(drawn))
            assert chance_of(WEIGHTS, drawn, returned)[urn] == pytest.approx(same)
        for option in range(4):
            among = sum(p for order, p in every.items() if option in order)
            assert inclusion(WEIGHTS, draws, returned)[option, urn] == pytest.approx(among)


def test_by_hand() -> None:
    """Of 5, 3 and 2 slips, the second of which goes back."""
    urn = WEIGHTS[:, :1]
    assert chance_of(urn, [0, 2], HOLD)[0] == pytest.approx(0.5 * 2 / 5 + 0.2 * 5 / 8)
    assert chance_of(urn, [2, 0], HOLD)[0] == chance_of(urn, [0, 2], HOLD)[0]
    assert chance_of(urn, [1, 1], HOLD)[0] == pytest.approx(0.09)
    assert chance_of(urn, [0, 0], HOLD)[0] == 0


def test_all_that_can_be_drawn_is_certain_to_be_drawn() -> None:
    sets = combinations_with_replacement(range(4), 2)
    assert sum(chance_of(WEIGHTS, drawn, HOLD) for drawn in sets) == pytest.approx([1, 1])


def test_an_empty_urn_gives_nothing_and_nothing_is_changed() -> None:
    empty = np.zeros((3, 2))
    assert not chance_of(empty, [0, 1]).any() and not inclusion(empty, 2).any()
    before = WEIGHTS.copy()
    chance_of(WEIGHTS, [0, 3], HOLD), inclusion(WEIGHTS, 3, HOLD)
    assert (before == WEIGHTS).all()
