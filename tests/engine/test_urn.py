"""How an actor decides: weights on paper, draws in proportion, sight through noise."""

from __future__ import annotations

import numpy as np
from shipped import shipped
from worlds import STAY_OPEN, after, world_of

from wargame.backends.simulate import play_runs
from wargame.backends.turn import begin, play
from wargame.engine.decision import NO_MOVE
from wargame.engine.randomness import Luck
from wargame.replay.explain import explain
from wargame.replay.playthrough import play_through

CATALOGUE = """
  hold: {title: Wait, by: [red], base: 10}
  a: {title: A, by: [red], base: 20, effects: {x: 1}}
  b: {title: B, by: [red], base: 30, effects: {y: 1}}
"""
GAUGES = "gauges: {x: {start: 0}, y: {start: 0}}\n"


def rule(name: str, when: str, favour: str) -> str:
    return f"  - {{id: {name}, when: {when}, favour: {favour}}}\n"


def weights(*rules: str) -> dict[str, int]:
    """What red weighs in the first turn under some rules."""
    text = "rules:\n" + "".join(rules) if rules else ""
    scenario = world_of(GAUGES + STAY_OPEN, actors={"red": text}, moves=CATALOGUE)
    options = explain(play_through(scenario), 1, "red").options
    return {option.move: option.weight for option in options}


def test_weights_are_base_plus_adds_times_factors_over_divisors() -> None:
    assert weights() == {"hold": 10, "a": 20, "b": 30}
    one, two = rule("one", "1", "{a: +15, b: x3}"), rule("two", "turn == 1", "{a: -5, b: /4}")
    assert weights(one) == {"hold": 10, "a": 35, "b": 90}
    assert weights(one, two) == {"hold": 10, "a": 30, "b": 22}
    assert weights(one, rule("no", "turn == 2", "{a: +500}"))["a"] == 35


def test_a_weight_never_falls_below_nothing() -> None:
    assert weights(rule("hush", "1", "{a: -50}"), rule("loud", "1", "{a: x9}"))["a"] == 0


def test_forbid_beats_everything() -> None:
    assert weights(rule("yes", "1", "{a: +900}"), rule("no", "1", "{a: forbid}"))["a"] == 0


def test_draws_are_in_proportion_to_the_weights() -> None:
    scenario = world_of(GAUGES + STAY_OPEN, actors={"red": ""}, moves=CATALOGUE)
    luck = Luck(3, np.arange(60_000))
    _, record = play(scenario, begin(scenario, luck), luck)
    seen = np.bincount(record.orders["red"][0], minlength=3)
    expected = 60_000 * np.array([10, 20, 30]) / 60
    assert ((seen - expected) ** 2 / expected).sum() < 13.8, "chi-square, 2 degrees, 99.9 %"


def test_a_second_order_is_another_move_but_one_may_wait_twice() -> None:
    scenario = world_of(GAUGES + STAY_OPEN, orders=2, actors={"red": ""}, moves=CATALOGUE)
    luck = Luck(3, np.arange(5000))
    _, record = play(scenario, begin(scenario, luck), luck)
    first, second = record.orders["red"]
    hold = scenario.mind("red").hold
    assert not np.any((first == second) & (first != hold))
    assert np.any((first == hold) & (second == hold))


def test_whoever_can_do_nothing_does_nothing() -> None:
    scenario = world_of(
        GAUGES + STAY_OPEN,
        actors={"red": ""},
        moves="  a: {title: A, by: [red], base: 20, when: x > 5}\n",
    )
    luck = Luck(1, np.arange(3))
    _, record = play(scenario, begin(scenario, luck), luck)
    assert set(record.orders["red"].ravel()) == {NO_MOVE}


def test_a_move_cools_down_for_the_turns_it_says() -> None:
    scenario = world_of(
        GAUGES + STAY_OPEN,
        actors={"red": ""},
        moves="  a: {title: A, by: [red], base: 20, cooldown: 2, effects: {x: 1}}\n",
    )
    assert [int(after(scenario, t)["x"][0]) for t in range(1, 8)] == [1, 1, 1, 2, 2, 2, 3]


def test_the_past_can_be_asked_about() -> None:
    text = "rules:\n" + rule("again", "turns_since(red, a) == 1", "{b: +5, a: forbid}")
    scenario = world_of(
        GAUGES
        + """
derived: {done: "played(red, a)", often: "times(red, a)", ago: "turns_since(red, a)"}
"""
        + STAY_OPEN,
        actors={"red": text},
        moves="""
  a: {title: A, by: [red], base: 5, effects: {x: 1}}
  b: {title: B, by: [red], base: 0, effects: {y: 1}}
""",
    )
    seen = []
    for turns in range(4):
        world = after(scenario, turns)
        seen.append(tuple(int(world[name][0]) for name in ("done", "often", "ago")))
    assert seen == [(0, 0, 9999), (1, 1, 0), (1, 1, 1), (1, 2, 0)]


def test_own_gauges_are_seen_exactly_and_others_within_the_noise() -> None:
    scenario = shipped("kherson-2022")
    playthrough = play_through(scenario, run=3)
    gauges = scenario.spec.scenario.gauges
    wrong = 0
    for turn in range(1, min(8, playthrough.turns)):
        for actor in scenario.header.actors:
            for sighting in explain(playthrough, turn, actor).sightings:
                spec = gauges[sighting.gauge]
                assert sighting.gauge.partition(".")[0] != actor
                assert spec.min <= sighting.believed <= spec.max
                wrong += sighting.believed != sighting.true
    assert wrong > 50


def test_a_forbidden_move_is_never_played_and_makes_nothing_else_likelier() -> None:
    base = shipped("kherson-2022")
    barred = shipped("kherson-2022", "no-private-warnings")
    place = base.header.moves["usa"].index("private_warning")
    assert play_runs(base, range(50)).played["usa"][place].sum() > 0
    assert play_runs(barred, range(50)).played["usa"][place].sum() == 0

    luck = Luck(1, np.arange(500))
    _, with_it = play(base, begin(base, luck), luck)
    _, without = play(barred, begin(barred, luck), luck)
    first, other = with_it.orders["usa"][0], without.orders["usa"][0]
    idle = barred.mind("usa").barred
    assert idle[place]
    assert np.array_equal(np.where(idle[first], NO_MOVE, first), other)
