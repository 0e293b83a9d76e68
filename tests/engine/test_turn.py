"""What a turn does: together, in order, clamped, and never to a run that has ended."""

from __future__ import annotations

import numpy as np
import pytest
from shipped import shipped
from worlds import after, played, world_of

from wargame.backends.simulate import play_runs
from wargame.backends.turn import FAILED, SKIPPED, SUCCEEDED, begin, play
from wargame.engine.randomness import Luck

STAY = "endings: {Far: {when: turn > 1000}}\n"


def test_effects_of_a_phase_read_the_world_as_the_phase_found_it() -> None:
    scenario = world_of(
        """
gauges: {a: {start: 1}, b: {start: 2}}
chance:
  - {id: one, chance: 1000, effects: {a: "=b"}}
  - {id: two, chance: 1000, effects: {b: "=a"}}
"""
        + STAY
    )
    world = after(scenario, 1)
    assert (set(world["a"]), set(world["b"])) == ({2}, {1})


def test_a_chain_of_events_makes_one_step_a_turn() -> None:
    scenario = world_of(
        """
gauges: {a: {start: 0}, b: {start: 0}, c: {start: 0}}
chance:
  - {id: first, chance: 1000, effects: {a: "=1"}}
  - {id: second, when: a == 1, chance: 1000, effects: {b: "=1"}}
  - {id: third, when: b == 1, chance: 1000, effects: {c: "=1"}}
"""
        + STAY
    )
    for turns, expected in ((1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1))):
        world = after(scenario, turns)
        assert tuple(int(world[name][0]) for name in "abc") == expected


def test_sets_come_before_adds_and_the_later_set_counts() -> None:
    scenario = world_of(
        """
gauges: {x: {start: 500}}
chance:
  - {id: add, chance: 1000, effects: {x: 5}}
  - {id: early, chance: 1000, effects: {x: "=100"}}
  - {id: late, chance: 1000, effects: {x: "=200"}}
  - {id: more, chance: 1000, effects: {x: x // 100}}
"""
        + STAY
    )
    assert set(after(scenario, 1)["x"]) == {200 + 5 + 500 // 100}


def test_results_are_clamped_once_after_everything() -> None:
    scenario = world_of(
        """
gauges: {x: {start: 900}, y: {start: 0, min: -10, max: 10}}
chance:
  - {id: up, chance: 1000, effects: {x: 400, y: -50}}
  - {id: down, chance: 1000, effects: {x: -350, y: 45}}
"""
        + STAY
    )
    world = after(scenario, 1)
    assert (set(world["x"]), set(world["y"])) == ({950}, {-5})
    assert set(after(scenario, 6)["x"]) == {1000}


def test_drifts_move_all_gauges_at_once() -> None:
    scenario = world_of("gauges: {a: {start: 1}, b: {start: 2}}\ndrift: {a: b, b: a + b}\n" + STAY)
    world = after(scenario, 3)
    assert (set(world["a"]), set(world["b"])) == ({5}, {8}), "Fibonacci's numbers"


def test_derived_gauges_follow_at_once_and_may_build_on_each_other() -> None:
    scenario = world_of(
        """
gauges: {x: {start: 10}}
derived: {twice: x * 2, more: twice + 1}
chance:
  - {id: grow, chance: 1000, effects: {x: 1}}
endings: {Seen: {when: more == 25}}
"""
    )
    outcomes = play_runs(scenario, range(3))
    assert list(outcomes.turn) == [2, 2, 2]


def test_injects_come_in_their_turn_and_only_if_asked() -> None:
    scenario = world_of(
        """
gauges: {x: {start: 0}}
injects:
  - {turn: 2, effects: {x: 7}}
  - {turn: 3, when: x > 100, effects: {x: "=1000"}}
"""
        + STAY
    )
    assert [int(after(scenario, t)["x"][0]) for t in (1, 2, 3)] == [0, 7, 7]


def test_an_ending_must_hold_for_as_long_as_it_says() -> None:
    scenario = world_of(
        """
gauges: {x: {start: 0}}
injects:
  - {turn: 2, effects: {x: "=1"}}
  - {turn: 4, effects: {x: "=0"}}
  - {turn: 5, effects: {x: "=1"}}
endings:
  Quiet: {when: x == 1, for: 3}
"""
    )
    outcomes = play_runs(scenario, range(4))
    assert set(outcomes.turn) == {7}, "turns 2 and 3 were not enough; 5, 6 and 7 are"
    assert set(outcomes.decided) == {5}


def test_the_first_ending_that_holds_ends_the_run() -> None:
    body = "gauges: {x: {start: 5}}\nendings:\n  %s: {when: x > 0}\n  %s: {when: x > 1}\n"
    assert played(world_of(body % ("One", "Two")), 3) == {"One": 3, "Two": 0, "unresolved": 0}
    assert played(world_of(body % ("Two", "One")), 3) == {"Two": 3, "One": 0, "unresolved": 0}


def test_some_endings_are_judged_at_the_horizon_only() -> None:
    scenario = world_of(
        "gauges: {x: {start: 5}}\nendings: {Late: {when: x > 0, at: horizon}}\n", horizon=6
    )
    outcomes = play_runs(scenario, range(3))
    assert list(outcomes.turn) == [6, 6, 6]


def test_a_run_without_an_ending_is_unresolved_at_the_horizon() -> None:
    assert played(world_of("gauges: {x: {start: 0}}\n" + STAY), 4) == {"Far": 0, "unresolved": 4}


def test_a_milestone_keeps_the_turn_in_which_it_was_first_reached() -> None:
    scenario = world_of(
        """
gauges: {x: {start: 0}}
injects: [{turn: 3, effects: {x: "=1"}}, {turn: 5, effects: {x: "=0"}}]
milestones: {Seen: {when: x == 1}, Never: {when: x == 2}}
"""
        + STAY
    )
    assert play_runs(scenario, range(2)).reached.tolist() == [[3, 3], [0, 0]]


def test_a_run_that_has_ended_never_changes() -> None:
    scenario = world_of(
        """
gauges: {x: {start: 0}, y: {start: 0}}
chance:
  - {id: coin, chance: 300, effects: {x: "=1"}}
  - {id: clock, chance: 1000, effects: {y: 1}}
endings: {Heads: {when: x == 1}}
""",
        horizon=8,
    )
    luck = Luck(1, np.arange(60))
    world = begin(scenario, luck)
    frozen: dict[int, tuple[str, int]] = {}
    for _ in range(8):
        world, _ = play(scenario, world, luck)
        for column in np.flatnonzero(~world.running):
            seen = (world.cells[:, column].tobytes().hex(), int(world.trail[column]))
            assert frozen.setdefault(int(column), seen) == seen
            assert world["y"][column] == world.ended[column]
    assert len(frozen) == 60


def test_values_that_need_64_bits_get_them_and_nothing_changes() -> None:
    body = "gauges: {{x: {{start: 3, max: {top}}}}}\ndrift: {{x: x * 3 % 1000}}\n" + STAY.replace(
        "{", "{{"
    ).replace("}", "}}")
    small, large = (world_of(body.format(top=top)) for top in (1000, 1_000_000_000))
    assert (small.dtype, large.dtype) == (np.int32, np.int64)
    assert np.array_equal(after(small, 6)["x"], after(large, 6)["x"])


MOVES = """
  strike: {title: Strike, by: [red], base: 10, success: 500,
           effects: {hits: 1}, failure: {misses: 1}}
"""


@pytest.mark.parametrize(
    ("verdict", "expected"), [(SUCCEEDED, (1, 0)), (FAILED, (0, 1)), (SKIPPED, (0, 0))]
)
def test_an_umpire_may_rule_on_an_order(verdict: int, expected: tuple[int, int]) -> None:
    scenario = world_of(
        "gauges: {hits: {start: 0}, misses: {start: 0}}\n" + STAY, actors={"red": ""}, moves=MOVES
    )
    luck = Luck(1, np.arange(4))
    world, _ = play(
        scenario, begin(scenario, luck), luck, verdicts={"red": np.full((1, 4), verdict)}
    )
    assert {(int(h), int(m)) for h, m in zip(world["hits"], world["misses"], strict=True)} == {
        expected
    }


def test_luck_decides_where_the_umpire_does_not() -> None:
    scenario = world_of(
        "gauges: {hits: {start: 0}, misses: {start: 0}}\n" + STAY, actors={"red": ""}, moves=MOVES
    )
    world = after(scenario, 1, runs=4000)
    assert np.array_equal(world["hits"] + world["misses"], np.ones(4000))
    assert abs(world["hits"].mean() - 0.5) < 0.03


def test_the_same_world_played_alone_and_among_others() -> None:
    scenario = shipped("kherson-2022")
    among = after(scenario, 5, runs=6)
    luck = Luck(1, [4])
    alone = begin(scenario, luck)
    for _ in range(5):
        alone, _ = play(scenario, alone, luck)
    assert alone.digest() == among.digest(4)
