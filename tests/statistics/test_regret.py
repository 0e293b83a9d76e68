"""Regret by hand."""

import json

import numpy as np
import pytest

from wargame.statistics import regret

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


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="3 policies x 2 worldviews"):
        regret(KABOOM, POLICIES, WORLDVIEWS[:2])


def test_words_and_json() -> None:
    found = regret(KABOOM, POLICIES, WORLDVIEWS, outcome="KABOOM", good_enough=0.12, errors=0.001)
    assert found.words().splitlines() == [
        "KABOOM: warn has the smallest worst regret, 2.0 points (under tegmark)",
        "good enough in most worldviews: warn and arm",
        "sampling noise leaves warn first in 100 % of redraws",
    ]
    assert found.words("ja").splitlines() == [
        "KABOOM：最大後悔が最小なのはwarn、2.0ポイント（tegmarkの場合）",
        "最も多くの世界観で基準を満たす：warn、arm",
        "標本誤差の範囲で引き直しても100 %でwarnが首位",
    ]
    json.dumps(found.to_json(), allow_nan=False)


def test_policies_that_share_the_smallest_worst_regret_are_all_named() -> None:
    alike = [[0.1, 0.3], [0.1, 0.3], [0.1, 0.3], [0.2, 0.4]]
    found = regret(alike, ["a", "b", "c", "d"], ["calm", "rough"], outcome="KABOOM", errors=0.01)
    first, last = found.words().splitlines()
    assert first == "KABOOM: the smallest worst regret, 0.0 points, is shared by a, b and c"
    assert all(f"{name} first in " in last for name in "abc") and "d first" not in last
    told = found.words("ja").splitlines()
    assert told[0] == "KABOOM：最大後悔が最小（0.0ポイント）なのは同点でa、b、c"
    assert all(f"で{name}が首位" in told[1] for name in "abc")
