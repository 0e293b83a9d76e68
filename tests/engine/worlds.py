"""Small worlds for the tests of the engine, written as an author would write them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wargame.backends.simulate import play_runs
from wargame.backends.turn import begin, play
from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.engine.randomness import Luck
from wargame.engine.record import Outcomes
from wargame.engine.scenario import Scenario
from wargame.engine.world import World

STAY_OPEN = "endings: {Far: {when: turn > 1000}}\n"
HEAD = """
schema: 1
id: test
title: Test
turn: {{length: 1 week, horizon: {horizon}, orders: {orders}}}
seed: 1
"""


def world_of(
    body: str,
    horizon: int = 10,
    orders: int = 1,
    actors: Mapping[str, str] | None = None,
    moves: str = "",
) -> Scenario:
    """A compiled scenario from the part of its text that matters to a test."""
    texts = {"scenario.yaml": HEAD.format(horizon=horizon, orders=orders) + body}
    if actors:
        texts["scenario.yaml"] += f"actors: [{', '.join(actors)}]\nmoves: [catalogue]\n"
        texts["moves/catalogue.yaml"] = "schema: 1\nmoves:\n" + moves
        for name, rules in actors.items():
            texts[f"actors/{name}.yaml"] = f"id: {name}\ntitle: {name}\n" + rules
    return compile_scenario(load_texts(texts))


def after(scenario: Scenario, turns: int, runs: int = 5) -> World:
    """The world of `runs` runs after some turns."""
    luck = Luck(1, np.arange(runs))
    world = begin(scenario, luck)
    for _ in range(turns):
        world, _ = play(scenario, world, luck)
    return world


def endings(scenario: Scenario, outcomes: Outcomes) -> dict[str, int]:
    """How many runs reached each ending."""
    names = scenario.header.endings
    counts = np.bincount(outcomes.ending, minlength=len(names))
    return dict(zip(names, map(int, counts), strict=True))


def played(scenario: Scenario, runs: int, seed: int = 1) -> dict[str, int]:
    """How many of so many runs reached each ending."""
    return endings(scenario, play_runs(scenario, range(runs), seed))
