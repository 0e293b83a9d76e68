"""Regret by hand."""

import json

import numpy as np
import pytest

from wargame.statistics.regret import regret, share_error

POLICIES = ["base", "warn", "arm"]
WORLDVIEWS = ["tegmark", "samotsvety", "restraint"]
# Shares of KABOOM: less is better.
KABOOM = np.array([[0.20, 0.05, 0.01], [0.12, 0.06, 0.02], [0.10, 0.11, 0.01]])


def test_regret_is_measured_against_the_best_under_each_worldview() -> None:
    found = regret(KABOOM, POLICIES, WORLDVIEWS, outcome="KABOOM")
    expected = [[0.10, 0.00, 0.00], [0.02, 0.01, 0.01], [0.00, 0.06, 0.00]]
    assert [row.regret for row in found.policies] == [pytest.approx(e) for e in expected]
    assert found.minimax == ("warn",)
    assert (found["arm"].maximum, found["arm"].worst) == (pytest.approx(0.06), "samotsvety")


def test_more_may_be_better() -> None:
    found = regret(1 - KABOOM, POLICIES, WORLDVIEWS, less_is_better=False)
    assert found.minimax == ("warn",)
    assert found["base"].maximum == pytest.approx(0.10)


def test_what_all_policies_share_is_nobodys_regret() -> None:
    shifted = KABOOM + np.array([0.0, 0.3, 0.1])
    plain, moved = (regret(v, POLICIES, WORLDVIEWS) for v in (KABOOM, shifted))
    assert [row.regret for row in plain.policies] == [
        pytest.approx(row.regret) for row in moved.policies
    ]


def test_nine_of_ten_worldviews_forgive_one_disaster() -> None:
    values = np.full((2, 10), 0.05)
    values[0, 3] = 0.50  # a disaster under one worldview only
    values[1] += 0.01  # a little worse under all others
    values[1, 3] = 0.05
    found = regret(values, ["gamble", "steady"], [f"w{i}" for i in range(10)])
    assert found.minimax == ("steady",)
    assert found.best_percentile90 == ("gamble",)
    assert found["gamble"].percentile90 == 0.0


def test_satisficing_counts_worldviews() -> None:
    found = regret(KABOOM, POLICIES, WORLDVIEWS, good_enough=0.10)
    assert [row.satisfied for row in found.policies] == [
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
    ]
    assert regret(KABOOM, POLICIES, WORLDVIEWS, good_enough=0.12).most_satisfied == ("warn", "arm")


def test_equals_tie() -> None:
    found = regret([[0.1 + 0.2], [0.3]], ["a", "b"], ["w"])
    assert found.minimax == ("a", "b")


def test_noise_may_change_who_wins() -> None:
    clear = regret(KABOOM, POLICIES, WORLDVIEWS, errors=0.001)
    assert clear["warn"].wins == 1.0
    noisy = regret(KABOOM, POLICIES, WORLDVIEWS, errors=0.05)
    assert sum(row.wins or 0 for row in noisy.policies) == pytest.approx(1.0)
    assert noisy["warn"].wins is not None
    assert noisy["warn"].wins < 0.9
    assert noisy == regret(KABOOM, POLICIES, WORLDVIEWS, errors=0.05)


def test_a_policy_that_cannot_be_played_everywhere_is_neither_dropped_nor_best() -> None:
    """`arm` is the best where it can be played; what it would do under samotsvety nobody knows."""
    values = KABOOM.copy()
    values[2, 1] = np.nan
    found = regret(values, POLICIES, WORLDVIEWS, outcome="KABOOM", good_enough=0.12, errors=0.001)
    arm = found["arm"]
    assert arm.missing == ("samotsvety",)
    assert arm.maximum == 0.0 and arm.wins is None and np.isnan(arm.regret[1])
    assert arm.satisfied == 1.0, "of the two under which it can be played"
    # The others are still measured against it where it is there, and among themselves elsewhere.
    assert found["base"].regret == pytest.approx((0.10, 0.0, 0.0))
    assert found["warn"].regret == pytest.approx((0.02, 0.01, 0.01))
    assert found.minimax == found.alike == found.most_satisfied == ("warn",)
    assert sum(row.wins or 0 for row in found.policies) == 1.0
    first, *_, last = found.words().splitlines()
    assert first.startswith("KABOOM: of the 2 policies that were played everywhere, warn has")
    assert last.startswith(
        "arm was not played under samotsvety and is not compared there; under the others its "
        "worst regret is 0.0"
    )
    assert "armはsamotsvetyでは実行がなく" in found.words("ja")
    json.dumps(found.to_json(), allow_nan=False)


def test_worldviews_of_one_name_are_two() -> None:
    found = regret([[0.1, 0.2], [0.2, np.nan]], ["a", "b"], ["as-written", "as-written"])
    assert found["b"].missing == ("as-written",)
    assert found.minimax == ("a",)


def test_where_no_policy_can_be_played_everywhere_none_is_best() -> None:
    found = regret([[0.1, np.nan], [np.nan, 0.2]], ["a", "b"], ["calm", "rough"], errors=0.01)
    assert found.minimax == found.best_percentile90 == found.alike == ()
    assert "no policy was played under every worldview" in found.words()
    with pytest.raises(ValueError, match="no policy"):
        regret([[0.1, np.nan]], ["a"], ["calm", "rough"])


def test_who_is_first_by_luck_is_named_with_those_it_cannot_be_told_apart_from() -> None:
    """True worst regrets 1, 0 and 0; which of two equals comes first is a coin's toss."""
    truth = np.array([[0.10, 0.05], [0.09, 0.05], [0.09, 0.05]])
    luck = np.random.default_rng(3)
    alone = []
    for seed in range(200):
        seen = truth + luck.normal(0, 0.002, truth.shape)
        found = regret(seen, POLICIES, WORLDVIEWS[:2], errors=0.002, redraws=500, seed=seed)
        assert set(found.minimax) <= set(found.alike)
        alone.append(len(found.alike) == 1)
    assert np.mean(alone) < 0.1
    assert "do not tell it apart from" in found.words()


def test_the_interval_of_a_worst_regret_holds_it() -> None:
    luck = np.random.default_rng(4)
    held = []
    for seed in range(200):
        seen = KABOOM + luck.normal(0, 0.003, KABOOM.shape)
        found = regret(seen, POLICIES, WORLDVIEWS, errors=0.003, redraws=500, seed=seed)
        rows = zip(found.policies, (0.10, 0.02, 0.06), strict=True)
        held.append([(row.low or 0) <= true <= (row.high or 0) for row, true in rows])
    assert np.mean(held, axis=0).min() > 0.92


def test_a_share_of_nothing_is_not_known_exactly() -> None:
    assert share_error([0.0, 0.5], 400) == pytest.approx([0.0035, 0.025], rel=0.02)


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="3 policies x 2 worldviews"):
        regret(KABOOM, POLICIES, WORLDVIEWS[:2])


def test_words_and_json() -> None:
    found = regret(KABOOM, POLICIES, WORLDVIEWS, outcome="KABOOM", good_enough=0.12, errors=0.001)
    assert found.words().splitlines() == [
        "KABOOM: warn has the smallest worst regret, 2.0 points (1.7 to 2.3) under tegmark; "
        "first in 100 % of redraws",
        "good enough in most worldviews: warn and arm",
    ]
    assert found.words("ja").splitlines() == [
        "KABOOM：最大後悔が最小なのはwarnで、tegmarkの場合に2.0ポイント（1.7～2.3）。"
        "引き直しの100 %で首位",
        "最も多くの世界観で基準を満たす：warn、arm",
    ]
    json.dumps(found.to_json(), allow_nan=False)


def test_policies_that_share_the_smallest_worst_regret_are_all_named() -> None:
    alike = [[0.1, 0.3], [0.1, 0.3], [0.1, 0.3], [0.2, 0.4]]
    found = regret(alike, ["a", "b", "c", "d"], ["calm", "rough"], outcome="KABOOM")
    assert found.words() == "KABOOM: a, b and c share the smallest worst regret, 0.0 points"
    assert found.words("ja") == "KABOOM：a、b、cが同点で、最大後悔は最小の0.0ポイント"
    drawn = regret(alike, ["a", "b", "c", "d"], ["calm", "rough"], outcome="KABOOM", errors=0.01)
    assert set(drawn.alike) == {"a", "b", "c"}
