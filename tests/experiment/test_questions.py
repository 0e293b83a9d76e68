"""Questions to traces: every form on traces written by hand, and intervals that keep their word."""

from __future__ import annotations

from math import exp, inf, isnan, log, sqrt
from typing import Any

import numpy as np
import pytest

from wargame.analysis.validation.events import Traces
from wargame.analysis.validation.questions import Answer, QuestionSpec, answer, rates


def traces(*runs: str, live: int | None = None) -> Traces:
    """Runs as texts, a letter for each turn: ``ab`` in one turn is written ``(ab)``, none ``.``"""
    table: list[list[str]] = []
    for run in runs:
        turns: list[str] = []
        inside = False
        for letter in run:
            if letter in "()":
                inside = letter == "("
                if inside:
                    turns.append("")
            elif inside:
                turns[-1] += letter
            else:
                turns.append(letter.strip("."))
        table.append(turns)
    length = live or max(map(len, table))
    played = np.array([[turn < len(run) for run in table] for turn in range(length)])
    came = {
        name: np.array(
            [[turn < len(run) and name in run[turn] for run in table] for turn in range(length)]
        )
        for name in "abc"
    }
    return Traces(came, played)


def ask(told: dict[str, Any], *runs: str, by: int | None = None) -> Answer:
    return answer(QuestionSpec.model_validate(told), traces(*runs), by)


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({"came": "a"}, (4, 5)),
        ({"came": "a", "among": "b"}, (3, 4)),
        ({"came": "a", "without": "b"}, (1, 1)),
        ({"came": "a", "before": "b"}, (2, 5)),
        ({"came": "a", "no_later": "b"}, (3, 5)),
        ({"came": "a", "among": "b", "before": "b"}, (1, 4)),
        ({"came": "a", "after": "b", "within": 1}, (2, 5)),
        ({"came": "a", "after": "b", "within": 3}, (2, 5)),
        ({"came": "a", "more_than": "b"}, (1, 5)),
    ],
)
def test_shares_of_five_runs(told: dict[str, Any], counts: tuple[int, int]) -> None:
    #       a before b; b before a; both at once; only a; only b
    got = ask(told, "a..b", ".ba.", ".(ab)..", "..a.", "b...")
    assert (got.count, got.n) == counts
    assert got.value == counts[0] / counts[1]
    assert 0 <= got.low <= got.value <= got.high <= 1
    assert not got.ratio


def test_a_deadline_is_the_last_turn_that_counts() -> None:
    for by, count in ((1, 1), (2, 2), (3, 3), (4, 3)):
        assert ask({"came": "a"}, "a...", ".a..", "..a.", "....", by=by).count == count


def test_of_no_runs_nothing_is_said() -> None:
    got = ask({"came": "a", "among": "c"}, "a", "b")
    assert got.n == 0
    assert isnan(got.value)
    assert (got.low, got.high) == (0.0, 1.0)


def test_rates_after_certain_weeks_and_after_the_others() -> None:
    # Turns 1 to 4 wait one turn; the last turn has none to wait for.
    asked = QuestionSpec(rate="b", following="a", within=1)
    after, otherwise = rates(asked, traces("ab.ab", "a..b."))
    assert (after.came.tolist(), after.weeks.tolist()) == ([2.0, 0.0], [2.0, 1.0])
    assert (otherwise.came.tolist(), otherwise.weeks.tolist()) == ([0.0, 1.0], [2.0, 3.0])
    got = ask({"rate": "b", "following": "a", "within": 1}, "ab.ab", "a..b.")
    assert got.value == pytest.approx((2 / 3) / (1 / 5))
    assert (got.count, got.n) == (2, 3)
    assert got.usual == pytest.approx(1 / 5)


def test_a_longer_wait_sees_later_answers_and_needs_room_for_them() -> None:
    asked = QuestionSpec(rate="b", following="a", within=2)
    after, otherwise = rates(asked, traces("a.b.a"))
    assert (after.came.sum(), after.weeks.sum()) == (1, 1)  # the last a has no room
    assert (otherwise.came.sum(), otherwise.weeks.sum()) == (1, 2)


def test_a_run_that_is_over_waits_for_nothing() -> None:
    after, _ = rates(QuestionSpec(rate="b", following="a", within=1), traces("..a", "....", live=4))
    assert after.weeks.tolist() == [0.0, 0.0]


def test_the_interval_of_a_ratio_by_hand() -> None:
    """Runs that are all alike leave no error; of two kinds, the error is that of the mixture."""
    alike = ask({"rate": "b", "following": "a", "within": 1}, *["abb.b" + "."] * 9)
    assert alike.low == pytest.approx(alike.value) == pytest.approx(alike.high)
    # Half of the runs answer the only a; after the other turn b comes in every run.
    runs = ["ab.b"] * 50 + ["a..b"] * 50
    got = ask({"rate": "b", "following": "a", "within": 1}, *runs)
    # After a: 50 of 100. Otherwise, turns 2 and 3: 100 of 200.
    assert got.value == pytest.approx(1.0)
    spread = sqrt(100 * (0.5 / 100 / 0.5) ** 2)
    assert got.high == pytest.approx(exp(log(1.0) + 1.959964 * spread), rel=1e-6)


def test_a_ratio_to_nothing() -> None:
    asked = {"rate": "b", "following": "a", "within": 1}
    assert ask(asked, "ab..").value == inf
    assert ask(asked, "a..b").value == 0.0
    assert isnan(ask(asked, "a...").value)
    assert isnan(ask(asked, "....").value)


def test_intervals_of_rates_hold_as_often_as_they_say() -> None:
    """Runs whose weeks belong together: each has its own pace, so weeks alone would mislead."""
    rng = np.random.default_rng(5)
    asked = QuestionSpec(rate="b", following="a", within=1)
    ratio_holds = rate_holds = naive_holds = 0
    worlds, runs, turns = 300, 80, 20
    for _ in range(worlds):
        pace = rng.choice([0.1, 0.7], size=runs)
        came = {
            "a": rng.random((turns, runs)) < 0.3,
            "b": rng.random((turns, runs)) < pace,
        }
        one = Traces(came, np.ones((turns, runs), dtype=bool))
        got = answer(asked, one)
        ratio_holds += got.low <= 1.0 <= got.high
        after, _ = rates(asked, one)
        low, high = after.interval()
        rate_holds += low <= 0.4 <= high
        naive = 1.96 * sqrt(after.value * (1 - after.value) / after.weeks.sum())
        naive_holds += abs(after.value - 0.4) <= naive
    assert 0.91 <= ratio_holds / worlds <= 0.985
    assert 0.91 <= rate_holds / worlds <= 0.985
    assert naive_holds / worlds < 0.8


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "say either came"),
        ({"came": "a", "rate": "b", "following": "a", "within": 1}, "say either came"),
        ({"rate": "b", "following": "a"}, "needs following and within"),
        ({"rate": "b", "following": "a", "within": 1, "before": "c"}, "go with came"),
        ({"came": "a", "following": "b"}, "following goes with rate"),
        ({"came": "a", "after": "b"}, "after and within go together"),
        ({"came": "a", "within": 2}, "after and within go together"),
    ],
)
def test_a_question_has_one_form(told: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        QuestionSpec.model_validate(told)
