"""Who leads, as far as the numbers carry."""

from __future__ import annotations

import numpy as np
import pytest

from wargame.statistics.lead import leaders, named


def test_the_largest_seen_leads_alone_only_where_it_is_told_apart() -> None:
    assert leaders([0.74, 0.78], [0.47, 0.40]) == [1, 0]
    assert leaders([0.10, 0.78], [0.05, 0.04]) == [1]
    # Each is compared with the first, not with its neighbour.
    assert leaders([3.0, 2.5, 2.0, 0.0], [0.4, 0.4, 0.4, 0.4]) == [0, 1]
    assert leaders([], []) == []


@pytest.mark.parametrize("gap", [0.0, 0.5])
def test_the_truly_largest_is_in_the_group(gap: float) -> None:
    luck = np.random.default_rng(5)
    truth = np.array([1.0 + gap, 1.0, 1.0, 0.2])
    groups = [leaders(list(luck.normal(truth, 0.3)), [1.96 * 0.3] * 4) for _ in range(1000)]
    assert np.mean([0 in group for group in groups]) > 0.95
    assert np.mean([3 in group for group in groups]) < 0.5


def test_a_large_group_is_named_in_part_and_counted() -> None:
    assert named(["a", "b"], "en") == "a and b"
    assert named(list("abcde"), "en") == "a, b, c, d and 1 other"
    assert named(list("abcdef"), "en") == "a, b, c, d and 2 others"
    assert named(list("abcdef"), "ja") == "a、b、c、dほか2件"
