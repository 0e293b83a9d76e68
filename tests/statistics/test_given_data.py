"""What one unknown settles, read from runs that were played for something else."""

from __future__ import annotations

import numpy as np
import pytest

from wargame.statistics.given_data import Settles, settles, strongest


def test_the_share_of_the_variance_is_the_one_that_is_known_and_its_interval_holds_it() -> None:
    """P = 0.05 + 0.4 x, x uniform: Var(P) = 0.16 / 12, of a mean of 0.25."""
    truth = 0.16 / 12 / (0.25 * 0.75)
    luck = np.random.default_rng(1)
    held = []
    for _ in range(100):
        x = luck.integers(0, 1001, 3000)
        found = settles(x, luck.random(3000) < 0.05 + 0.4 * x / 1000)
        held.append(abs(found.share - truth) <= found.error)
        assert found.shown
    assert np.mean(held) > 0.88


def test_an_unknown_that_does_nothing_is_not_shown() -> None:
    luck = np.random.default_rng(2)
    noise = [settles(luck.integers(0, 1001, 2000), luck.random(2000) < 0.1) for _ in range(200)]
    assert np.mean([one.shown for one in noise]) < 0.06
    assert abs(np.mean([one.share for one in noise])) < 0.001


def test_an_unknown_of_two_values_and_an_outcome_that_always_comes() -> None:
    switch = np.arange(4000) % 2
    found = settles(switch, np.random.default_rng(3).random(4000) < 0.2 + 0.4 * switch)
    assert found.share == pytest.approx(0.04 / 0.24, abs=0.03)
    assert settles(switch, np.ones(4000)).share == 0.0
    with pytest.raises(ValueError, match="400 runs"):
        settles(switch[:300], switch[:300])


def test_words() -> None:
    will, arms, mud = Settles(0.031, 0.009), Settles(0.027, 0.008), Settles(0.001, 0.004)
    assert strongest("KABOOM", {"will": will, "arms": arms, "mud": mud}) == (
        "KABOOM: the unknowns that settle most by themselves cannot be told apart: "
        "will (3.1 ± 0.9 %) and arms (2.7 ± 0.8 %)"
    )
    assert strongest("KABOOM", {"will": will, "mud": mud}).startswith("KABOOM: by itself, will")
    assert "no single unknown" in strongest("KABOOM", {"mud": mud})
    assert strongest("KABOOM", {}, "ja").startswith("KABOOM：単独で")
