"""Levers: the number that a lever names, written otherwise, plays as the lever turned."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped import shipped_spec

from wargame.analysis.sensitivity.parameters import compile_levered, with_levers
from wargame.analysis.sensitivity.parameters.parameter import LESS, MORE, USUAL, Lever
from wargame.analysis.sensitivity.parameters.playing import play_set
from wargame.analysis.sensitivity.parameters.scaled import paced, times
from wargame.analysis.sensitivity.parameters.thresholds import Ranges
from wargame.analysis.validation.ledger import rows_of
from wargame.backends.simulate import play_runs
from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.content.spec import Expr
from wargame.engine import ladder
from wargame.engine.record import Outcomes
from wargame.engine.scenario import Scenario
from wargame.expression import Number, interval, parse

# Two quarrel, a third calms them down; every kind of question for a tie, a stage, a threshold.
TEXTS = {
    "scenario.yaml": """
schema: 1
id: levers
title: {en: Two and a third, ja: 二人と一人}
turn: {length: 1 week, horizon: 8}
actors: [red, blue, friend]
moves: [deeds]
gauges:
  tension: {start: 400, noise: {"*": 60}, source: test}
  red.arms: {start: 100, source: test}
unknowns:
  nerve: {between: [200, 800], source: test}
derived:
  fear: max(0, tension + red.arms - 300)
dyads:
  red-blue: {stage: 4, heat: 20}
  red-friend: {stage: 9, source: test}
ties:
  - {from: red, to: blue, leverage: 450}
  - {from: blue, to: red, leverage: 350}
  - {from: friend, to: red, leverage: 600}
  - {from: friend, to: blue, leverage: 200}
  - {from: blue, to: friend, leverage: 1000}
endings:
  War: {when: "stage(red, blue) >= 8"}
  Peace: {when: "stage(red, blue) <= 2"}
  Fright: {when: fear >= 900}
""",
    "actors/red.yaml": """
id: red
title: {en: Red, ja: 赤}
rules:
  - {id: hot, when: 'seen.tension > 420 and fear < 700', favour: {shout: +40}}
  - {id: between, when: '200 < red.arms <= 480', favour: {arm: x2}}
  - {id: both, when: 'tension + red.arms > 560 or nerve > 700', favour: {shout: +20}}
  - {id: high, when: 'stage(red, blue) >= 5', favour: {talk: +30}}
  - {id: pressed, when: 'heat(red, blue) > 30', favour: {arm: +20}}
""",
    "actors/blue.yaml": """
id: blue
title: {en: Blue, ja: 青}
rules:
  - {id: alarmed, when: 'seen.red.arms >= 250', favour: {shout: 10 + leverage(blue, red) // 20}}
  - {id: known, when: 'red.arms >= 260', favour: {shout: 5}, source: A book}
  - {id: facts, when: 'turn > 3 and played(red, arm) and tension == 400', favour: {talk: 5}}
""",
    "actors/friend.yaml": """
id: friend
title: {en: A friend, ja: 友}
""",
    "moves/deeds.yaml": """
schema: 1
moves:
  hold: {title: Wait, by: [red, blue, friend], base: 30, source: test}
  shout:
    title: Shout
    by: [red, blue]
    base: 20
    effects: {tension: 100 * leverage(self, blue) // 1000 + leverage(blue, red) // 20}
    heat: {red-blue: 90}
    source: test
  arm: {title: Arm, by: red, base: 30, effects: {red.arms: 60}, heat: {red-blue: 70}, source: test}
  talk:
    title: Talk
    by: [red, blue]
    base: 10 + leverage(self, friend) // 100 + leverage(friend, self) // 20
    effects: {tension: -30}
    heat: {red-blue: -100}
    source: test
  calm:
    title: Calm
    by: [friend, blue]
    target: red
    base: 40
    intervention: power
    consent: 900
    effects: {tension: -(50 * leverage(self, target) // 1000)}
    heat: {red-blue: -160}
    source: test
""",
}
SPEC = load_texts(TEXTS)
LEVERS = with_levers(SPEC)[1]
RUNS = np.arange(150)


def which(*kinds: str) -> list[Any]:
    """The levers of these kinds, each to either side, as cases of a test."""
    return [
        pytest.param(lever, side, id=f"{lever.kind} {lever.name} {lever.part} to {side}")
        for lever in LEVERS
        if lever.kind in kinds
        for side in lever.sides
    ]


def rewritten(texts: dict[str, str], lever: Lever, old: int | None, new: int) -> dict[str, str]:
    """The texts with the number that stands at the lever's place written otherwise."""
    file, line = lever.place.rsplit(":", 1)
    lines = texts[file].splitlines()
    found = lines[int(line) - 1]
    key = f"{lever.part}: " if lever.kind == "dyad" else ""
    changed = re.sub(rf"{key}(?<![-\d]){old}\b", f"{key}{new}", found, count=1)
    assert changed != found or old == new, (lever, found)
    lines[int(line) - 1] = changed
    return {**texts, file: "\n".join(lines) + "\n"}


def assert_same(one: Outcomes, other: Outcomes) -> None:
    for name in ("ending", "turn", "decided", "reached", "peak"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


@cache
def levered() -> Scenario:
    return compile_levered(SPEC)


def turned(scenario: Scenario, lever: Lever, side: int) -> Outcomes:
    (found,) = play_set(scenario, {lever.cell: side}, RUNS, 5)
    return found


@pytest.mark.parametrize(("lever", "side"), which("tie", "dyad", "threshold"))
def test_a_lever_turned_plays_as_the_number_written_otherwise(lever: Lever, side: int) -> None:
    texts = rewritten(TEXTS, lever, lever.usual, side)
    written = load_texts(texts)
    assert written.digest != SPEC.digest
    back = load_texts(rewritten(texts, lever, side, lever.usual or 0))
    assert back.digest == SPEC.digest
    told = play_runs(compile_scenario(written), RUNS, seed=5)
    assert_same(told, turned(levered(), lever, side))
    assert_same(told, turned(compile_levered(SPEC, [lever.cell]), lever, side))


@pytest.mark.parametrize(("lever", "side"), which("ladder"))
def test_a_resistance_turned_is_another_ladder(
    lever: Lever, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = play_set(compile_levered(SPEC, [lever.cell]), {lever.cell: side}, RUNS, 5)
    if lever.part:
        table = getattr(ladder, lever.name).copy()
        table[int(lever.part.split(" → ")[0])] = side
        monkeypatch.setattr(ladder, lever.name, table)
    else:
        monkeypatch.setattr(ladder, lever.name, side)
    assert_same(play_runs(compile_scenario(SPEC), RUNS, seed=5), found)


def test_the_levers_of_a_small_crisis_do_something() -> None:
    usual = play_runs(compile_scenario(SPEC), RUNS, seed=5)
    scenario = levered()
    assert_same(usual, turned(scenario, LEVERS[0], LEVERS[0].usual or 0))
    moved = {
        lever.kind
        for lever in LEVERS
        for side in lever.sides
        if not np.array_equal(turned(scenario, lever, side).peak, usual.peak)
    }
    assert moved >= {"tie", "dyad", "threshold", "ladder", "rule"}


def test_which_numbers_are_thresholds() -> None:
    found = {
        (lever.name, lever.part): (lever.less, lever.usual, lever.more)
        for lever in LEVERS
        if lever.kind == "threshold"
    }
    assert found == {
        ("red.hot", "seen.tension > 420"): (280, 420, 630),
        ("red.hot", "fear < 700"): (467, 700, 1050),
        ("red.between", "200 < red.arms"): (133, 200, 300),
        ("red.between", "red.arms <= 480"): (320, 480, 720),
        ("red.both", "tension + red.arms > 560"): (374, 560, 840),
        ("red.both", "nerve > 700"): (467, 700, 800),  # no higher than nerve can be
        ("red.high", "stage(red, blue) >= 5"): (4, 5, 6),
        ("red.pressed", "heat(red, blue) > 30"): (20, 30, 45),
        ("blue.alarmed", "seen.red.arms >= 250"): (167, 250, 375),
    }  # neither what has a source, nor turns, deeds and equalities


@pytest.mark.parametrize(
    ("asked", "sides"),
    [("< 10", (9, None)), ("> 0", (None, 1)), (">= 9", (8, None))],
)
def test_a_stage_that_is_not_on_the_ladder_is_turned_towards_it_only(
    asked: str, sides: tuple[int | None, int | None]
) -> None:
    text = TEXTS["actors/red.yaml"].replace("stage(red, blue) >= 5", f"stage(red, blue) {asked}")
    levers = with_levers(load_texts({**TEXTS, "actors/red.yaml": text}))[1]
    (lever,) = (lever for lever in levers if lever.part == f"stage(red, blue) {asked}")
    assert (lever.less, lever.more) == sides


def test_what_is_at_its_bound_can_be_turned_one_way() -> None:
    text = TEXTS["scenario.yaml"].replace("stage: 9, source: test", "stage: 9, heat: -1000")
    sides = {
        (lever.name, lever.part): (lever.less, lever.more)
        for lever in with_levers(load_texts({**TEXTS, "scenario.yaml": text}))[1]
    }
    assert sides["red-friend", "stage"] == (8, None)
    assert sides["red-friend", "heat"] == (None, -960)
    assert sides["red-blue", "stage"] == (3, 5)
    assert sides["blue > friend", ""] == (667, None)


@pytest.mark.parametrize(
    ("chance", "sides"),
    [("1000", (667, None)), ("1200", (667, None)), ("0", ()), ("999", (667, 1500))],
)
def test_how_an_events_odds_can_be_turned(chance: str, sides: tuple[int | None, ...]) -> None:
    event = f"\nchance:\n  - {{id: hit, chance: {chance}, effects: {{tension: 5}}}}\n"
    spec = load_texts({**TEXTS, "scenario.yaml": TEXTS["scenario.yaml"] + event})
    (lever,) = (lever for lever in with_levers(spec)[1] if lever.kind == "chance")
    assert (lever.less, lever.more) == (sides or (None, None))


# Magnitudes without a source: an event, two drifts, a weight, effects and heat of either sign.
MAGNITUDES = {
    **TEXTS,
    "scenario.yaml": TEXTS["scenario.yaml"].replace(
        "unknowns:", "  up: {start: 0, max: 30000}\n  down: {start: 0, min: -30000}\nunknowns:"
    )
    + """
milestones:
  High: {when: up >= 11000}
  Low: {when: down <= -11000}
  Armed: {when: red.arms >= 400}
  Tense: {when: tension >= 600}
chance:
  - {id: hit, chance: 300, effects: {red.arms: 90}}
drift:
  up: up + 3000
  down: down - 3000
""",
    "moves/deeds.yaml": TEXTS["moves/deeds.yaml"]
    .replace("heat: {red-blue: 70}, source: test", "heat: {red-blue: 71}")
    .replace("{tension: -30}\n    heat: {red-blue: -100}\n    source: test", "{tension: -31}\n"),
}


def magnitude(texts: dict[str, str], kind: str, name: str) -> Lever:
    levers = with_levers(load_texts(texts))[1]
    (lever,) = (lever for lever in levers if (lever.kind, lever.name) == (kind, name))
    return lever


@pytest.mark.parametrize(
    ("kind", "name", "written", "less", "more"),
    [
        ("chance", "hit", "chance: 300", "chance: 200", "chance: 450"),
        ("drift", "up", "up + 3000", "up + 2001", "up + 4500"),
        ("drift", "down", "down - 3000", "down - 2001", "down - 4500"),
        ("weight", "arm", "base: 30, effects", "base: 20, effects", "base: 45, effects"),
        (
            "effects",
            "arm",
            "60}, heat: {red-blue: 71}",
            "40}, heat: {red-blue: 47}",
            "90}, heat: {red-blue: 107}",
        ),
        ("effects", "talk", "tension: -31", "tension: -21", "tension: -47"),
    ],
)
def test_a_magnitude_turned_plays_as_the_number_written_otherwise(
    kind: str, name: str, written: str, less: str, more: str
) -> None:
    lever = magnitude(MAGNITUDES, kind, name)
    scenario = compile_levered(load_texts(MAGNITUDES))
    usual = play_runs(compile_scenario(load_texts(MAGNITUDES)), RUNS, seed=5)
    assert_same(usual, turned(scenario, lever, USUAL))
    for side, new in ((LESS, less), (MORE, more)):
        (file,) = (file for file, text in MAGNITUDES.items() if written in text)
        texts = {**MAGNITUDES, file: MAGNITUDES[file].replace(written, new)}
        told = play_runs(compile_scenario(load_texts(texts)), RUNS, seed=5)
        assert_same(told, turned(scenario, lever, side))
        assert not np.array_equal(told.reached, usual.reached)


@pytest.mark.parametrize(
    ("base", "sides"),
    [("1", (None, MORE)), ("2", (LESS, MORE)), ("tension // 9", (LESS, MORE))],
)
def test_a_weight_is_turned_only_to_another_weight(
    base: str, sides: tuple[int | None, int | None]
) -> None:
    deeds = MAGNITUDES["moves/deeds.yaml"].replace("base: 30, effects", f"base: {base}, effects")
    lever = magnitude({**MAGNITUDES, "moves/deeds.yaml": deeds}, "weight", "arm")
    assert (lever.less, lever.more) == sides


@pytest.mark.parametrize(
    ("heat", "sides"), [("0", (None, None)), ("-1", (None, MORE)), ("-2", (LESS, MORE))]
)
def test_effects_are_turned_only_to_others(heat: str, sides: tuple[int | None, int | None]) -> None:
    deeds = MAGNITUDES["moves/deeds.yaml"].replace("tension: -31}", "tension: -2}")
    deeds = deeds.replace("tension: -2}\n", f"tension: -2}}\n    heat: {{red-blue: {heat}}}\n")
    lever = magnitude({**MAGNITUDES, "moves/deeds.yaml": deeds}, "effects", "talk")
    assert (lever.less, lever.more) == sides


@pytest.mark.parametrize(
    ("drift", "sides"),
    [
        ("max(0, up - 1)", (None, None)),  # counts down, and has no pace
        ("up + (tension > 300)", (None, None)),  # counts
        ("tension * 2", (LESS, None)),  # is there at once, and cannot be faster
        ("up - up // 20", (LESS, MORE)),
        ("up + 2", (LESS, MORE)),
        ("up + stage(red, blue)", (LESS, MORE)),
        ("up + times(red, arm)", (LESS, MORE)),
    ],
)
def test_which_drifts_have_a_pace(drift: str, sides: tuple[int | None, int | None]) -> None:
    text = MAGNITUDES["scenario.yaml"].replace("up + 3000", drift)
    text = text.replace("max: 30000", "max: 1000")
    lever = magnitude({**MAGNITUDES, "scenario.yaml": text}, "drift", "up")
    assert (lever.less, lever.more) == sides


def reckoned(text: str, **names: int) -> int:
    """What an expression comes to where each name is a number."""
    numbers = {name: Number(value) for name, value in names.items()}
    low, high = interval(parse(text).bind(numbers), Ranges(SPEC.scenario))
    assert low == high
    return low


def exactly(amount: int, level: int) -> int:
    """To the nearest whole number, a half away from zero, by Python's decimals."""
    return int((Decimal(amount * level) / USUAL).to_integral_value(ROUND_HALF_UP))


@given(st.integers(-10_000, 10_000), st.sampled_from([LESS, USUAL, MORE]))
def test_a_number_is_turned_to_the_nearest(amount: int, level: int) -> None:
    found = reckoned(times(amount, "cell").text, cell=level)
    assert found == exactly(amount, level)
    assert found == -reckoned(times(-amount, "cell").text, cell=level)
    assert (found == 0) == (amount == 0)


@given(st.integers(-999, 999).filter(lambda x: x != -500), st.sampled_from([LESS, USUAL, MORE]))
def test_a_formula_is_turned_to_the_nearest(amount: int, level: int) -> None:
    text = times(Expr("gauge + 0"), "cell").text
    assert reckoned(text, gauge=amount, cell=level) == exactly(amount, level)


@pytest.mark.parametrize(
    ("step", "level"), [(1, LESS), (-1, MORE), (2, USUAL), (-3, LESS), (7, MORE), (-40, LESS)]
)
def test_steps_of_a_drift_add_up_to_their_share(step: int, level: int) -> None:
    text = paced("step", "cell")
    steps = [reckoned(text, step=step, cell=level, turn=turn) for turn in range(1, 1001)]
    assert sum(steps) == step * level
    assert max(steps) - min(steps) <= 1
    ahead = [
        1000 * gone - step * level * turn for turn, gone in enumerate(accumulate(steps[:104]), 1)
    ]
    assert max(map(abs, ahead)) < 2000


# Who strikes is decided by one threshold and nothing else: 1,000 equally likely levels.
TOY = {
    "scenario.yaml": """
schema: 1
id: toy
title: One threshold
turn: {length: 1 day, horizon: 1}
actors: [red]
moves: [deeds]
gauges:
  struck: {start: 0, max: 1, source: test}
unknowns:
  level: {between: [0, 999], source: test}
endings:
  Hit: {when: struck == 1}
""",
    "actors/red.yaml": """
id: red
title: Red
rules:
  - {id: enough, when: level >= 600, favour: {strike: 10}, source: assumption}
""",
    "moves/deeds.yaml": """
schema: 1
moves:
  strike: {title: Strike, by: red, effects: {struck: 1}, source: test}
""",
}


def test_a_threshold_moves_an_ending_by_exactly_what_lies_between() -> None:
    spec = load_texts(TOY)
    (lever,) = (lever for lever in with_levers(spec)[1] if lever.kind == "threshold")
    assert (lever.less, lever.usual, lever.more) == (400, 600, 900)
    scenario = compile_levered(spec)
    levels = np.arange(1000)
    for side in (400, 600, 900):
        (found,) = play_set(scenario, {"level": levels, lever.cell: side}, levels, 1)
        assert (found.ending == 0).mean() == (1000 - side) / 1000


@pytest.mark.parametrize("name", ["kherson-2022", "kaboom-2022"])
def test_every_assumption_of_these_kinds_in_the_ledger_has_a_lever(name: str) -> None:
    spec = shipped_spec(name)
    levers = with_levers(spec)[1]
    known = {(lever.kind, lever.name) for lever in levers}
    parts = {(lever.name, lever.part) for lever in levers if lever.kind == "threshold"}
    wide = {g for g, gauge in spec.scenario.gauges.items() if gauge.max - gauge.min >= 10}
    asked = re.compile(r"\b((?:seen\.)?([a-z_]+(?:\.[a-z_]+)*)) ([<>]=?) (\d+)\b")
    count = 0
    for row in rows_of(spec):
        if row.kind in ("tie", "dyad", "ladder") and row.assumed:
            assert (row.kind, row.name) in known, row.name
            count += 1
        if row.kind != "rule" or not row.assumed:
            continue
        (when,) = [number.text for number in row.numbers if number.part == "when"] or [""]
        for text, gauge, _, number in asked.findall(when):
            if gauge in wide and int(number) > 2:
                assert any(
                    who == row.name and text in part and number in part for who, part in parts
                ), (row.name, text)
                count += 1
    assert count > 100
    assert all(lever.place and lever.unit["ja"] and lever.title["ja"] for lever in levers)
