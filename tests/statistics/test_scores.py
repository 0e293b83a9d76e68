"""Scores in closed form: what they are at best, at worst, and who gains by honesty."""

import json
import math

import numpy as np
import pytest

from wargame.statistics.scores import bits, brier, reliability, skill


def test_bits_of_surprise() -> None:
    assert bits([1, 0.5, 1 / 16]).tolist() == [0, 1, 4]
    assert bits(0) == math.inf


def test_brier_by_hand() -> None:
    assert brier([0.7, 0.2, 0.1], [1, 0, 0]) == pytest.approx(0.09 + 0.04 + 0.01)
    assert brier([1, 0], [1, 0]) == 0
    assert brier([1, 0], [0, 1]) == 2


def test_nobody_gains_by_stating_other_odds_than_he_believes() -> None:
    rng = np.random.default_rng(3)
    for believed, stated in rng.dirichlet(np.ones(4), size=(200, 2)):
        outcomes = np.eye(4)
        honest = believed @ bits(believed), sum(believed * [brier(believed, o) for o in outcomes])
        other = believed @ bits(stated), sum(believed * [brier(stated, o) for o in outcomes])
        assert honest[0] <= other[0] and honest[1] <= other[1]


def test_skill_is_the_share_of_the_rivals_loss_that_is_spared() -> None:
    rival = np.array([[4.0, 2.0], [6.0, 0.0], [2.0, 4.0]])
    found = skill(rival / 4, rival)
    assert found.skill == 0.75 and found.gain == pytest.approx(0.75 * 3)
    assert (found.skill_low, found.skill_high) == (0.75, 0.75)  # the same in whatever weeks
    assert found.low == pytest.approx(2.25) == found.high  # each week loses 6 in all
    assert found.standing == "ahead" and found.weeks == 3
    assert skill(rival, rival).standing == "level" and skill(rival, rival).skill == 0
    assert skill(rival, rival / 4).standing == "behind" and skill(rival, rival / 4).skill == -3
    assert skill(rival * 0, rival).skill == 1


def test_the_interval_belongs_to_weeks_and_not_to_forecasts() -> None:
    """Ten forecasters who all fail in the same week know no more than one of them."""
    rng = np.random.default_rng(5)
    mine, other = rng.exponential(2, (2, 12, 1))
    one, many = skill(mine, other), skill(np.repeat(mine, 10, axis=1), np.repeat(other, 10, axis=1))
    assert (many.low, many.high) == pytest.approx((one.low, one.high))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    held = [
        found.low <= 0.5 <= found.high
        for found in (
            skill(rng.normal(2, 1, (40, 1)), rng.normal(2.5, 1, (40, 1)), redraws=300)
            for _ in range(300)
        )
    ]
    assert 0.88 <= np.mean(held) <= 0.98


def test_the_same_seed_gives_the_same_interval() -> None:
    mine, other = np.random.default_rng(9).exponential(2, (2, 8, 6))
    assert skill(mine, other, seed=4) == skill(mine, other, seed=4)
    assert skill(mine, other, seed=4).low != skill(mine, other, seed=5).low


@pytest.mark.parametrize("shape", [(0, 3), (3,)])
def test_tables_that_say_nothing_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weeks x forecasts"):
        skill(np.ones(shape), np.ones(shape))
    with pytest.raises(ValueError, match="one shape"):
        skill(np.ones((2, 3)), np.ones((3, 2)))


def test_chances_that_come_true_by_hand() -> None:
    stated = [0.1, 0.1, 0.1, 0.3, 0.5, 0.9, 1.0]
    came = [0, 1, 0, 0, 1, 1, 1]
    low, middle, high = reliability(stated, came, edges=(0, 0.2, 0.5, 1))
    assert (low.count, low.came) == (3, 1) and low.stated == pytest.approx(0.1)
    assert (middle.count, middle.came) == (1, 0)  # 0.5 counts to the bin above it
    assert (high.count, high.share) == (3, 1) and high.stated == pytest.approx(0.8)
    assert low.share_low < 0.1 < low.share_high and low.agrees
    assert not reliability([0.01] * 50, [1] * 50)[0].agrees


def test_every_chance_is_in_one_bin() -> None:
    stated = np.random.default_rng(1).random(500) ** 3
    found = reliability(stated, stated > 0.4)
    assert sum(b.count for b in found) == 500
    assert sum(b.stated * b.count for b in found) == pytest.approx(stated.sum())
    assert all(b.low <= b.stated <= b.high for b in found)


def test_answers_are_json_and_words() -> None:
    found = skill([[1.0], [2.0]], [[2.0], [2.0]])
    assert json.loads(json.dumps(found.to_json()))["skill"] == 0.25
    assert found.words("en").startswith("+25 % (") and " to " in found.words("en")
    assert "～" in found.words("ja")
