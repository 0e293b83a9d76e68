"""A crisis that fits on a page: two actors, seven moves, eight weeks. Many tests play it."""

from __future__ import annotations

from functools import cache

from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.engine.scenario import Scenario

SCENARIO = """
schema: 1
id: small-crisis
title: {en: A small crisis, ja: 小さな危機}
turn: {length: 1 week, start: 2022-09-05, horizon: 8, orders: 2}
seed: 7
actors: [red, blue]
moves: [small]
gauges:
  tension: {start: 300, unit: per mille, noise: {"*": 100}, source: assumption}
  red.arms: {start: 100, noise: {"*": 80}, source: assumption}
  red.talks: {start: 0, source: assumption}
  bomb.used: {start: 0, max: 1, source: assumption}
unknowns:
  red.nerve: {between: [200, 800], likely: 500, source: assumption}
derived:
  fear: max(0, tension + red.arms - 300)
dyads:
  red-blue: {stage: 4}
injects:
  - {turn: 3, id: summit, title: A summit, effects: {tension: -20}, source: assumption}
chance:
  - id: incident
    when: tension >= 200
    chance: 150 + tension // 10
    outcomes:
      - {weight: 800, effects: {tension: 40}, heat: {red-blue: 15}}
      - {weight: 200, effects: {tension: -60}}
    source: assumption
drift:
  tension: tension + (250 - tension) // 8
milestones:
  alarm: {when: tension >= 600}
endings:
  KABOOM: {when: bomb.used >= 1, source: assumption}
  Peace: {when: red.talks >= 250, source: assumption}
"""

RED = """
id: red
title: Red
profile: {values: "Peace 600, unresolved 1000, KABOOM -4000"}
rules:
  - {id: nervous, when: fear >= 200, favour: {arm: +30, use: red.nerve // 20}, source: assumption}
  - {id: weary, when: turn >= 6, favour: {talk: x3}, source: assumption}
"""

BLUE = """
id: blue
title: Blue
profile: {values: "Peace 1000, unresolved 500, KABOOM -4000"}
rules:
  - {id: alarmed, when: seen.red.arms >= 250, favour: {warn: +60, talk: +20}, source: assumption}
"""

MOVES = """
schema: 1
moves:
  hold: {title: Wait, by: [red, blue], base: 60, source: assumption}
  talk:
    title: Talk
    by: [red, blue]
    direction: de-escalate
    base: 20
    cooldown: 1
    success: 700
    effects: {red.talks: 40, tension: -15}
    failure: {tension: 10}
    heat: {red-blue: -40}
    attempt: Talks that led nowhere
    source: assumption
  arm:
    title: Arm
    by: red
    direction: escalate
    base: 30
    effects: {red.arms: 60, tension: 20}
    heat: {red-blue: 40}
    source: assumption
  parade: {title: Parade, by: red, base: 20, source: assumption}
  review: {title: Review, by: red, base: 20, source: assumption}
  use:
    title: Use
    by: red
    target: blue
    direction: escalate
    when: red.arms >= 220
    success: 900
    effects: {bomb.used: 1}
    heat: {red-blue: 300}
    attempt: A bomb that failed
    source: assumption
  warn:
    title: Warn
    by: blue
    target: red
    base: 20
    cooldown: 2
    effects: {red.arms: "-(red.arms // 5)"}
    heat: {red-blue: 10}
    source: assumption
"""

TEXTS = {
    "scenario.yaml": SCENARIO,
    "actors/red.yaml": RED,
    "actors/blue.yaml": BLUE,
    "moves/small.yaml": MOVES,
}


@cache
def small_crisis() -> Scenario:
    """The crisis, compiled once for all tests."""
    return compile_scenario(load_texts(TEXTS))


def changed(**texts: tuple[str, str]) -> Scenario:
    """The crisis with a piece of one of its texts replaced: `scenario=(old, new)`."""
    names = {"scenario": "scenario.yaml", "red": "actors/red.yaml", "moves": "moves/small.yaml"}
    inputs = dict(TEXTS)
    for key, (old, new) in texts.items():
        assert old in inputs[names[key]], old
        inputs[names[key]] = inputs[names[key]].replace(old, new)
    return compile_scenario(load_texts(inputs))
