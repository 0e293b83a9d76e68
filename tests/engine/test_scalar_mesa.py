"""Two engines, one description: arrays and plain Mesa agree to the last cell of every turn.

The plain one, in `benchmarks/`, plays one run with dictionaries and Python's own integers; it
shares with the engine the reading of YAML, the grammar of rules and the names of luck.
"""

from __future__ import annotations

import numpy as np
import pytest
from random_worlds import texts
from scalar_mesa import ScalarCrisis
from shipped import shipped_spec

from wargame.backends.simulate import play_runs
from wargame.backends.turn import begin, derive, play
from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.content.spec import Spec
from wargame.engine.decision import NO_MOVE
from wargame.engine.randomness import Luck
from wargame.engine.record import TurnRecord
from wargame.engine.scenario import Scenario
from wargame.engine.world import World


def difference(world: World, column: int, model: ScalarCrisis) -> dict[str, tuple[int, int]]:
    """Cells in which the engine's run and the plain model differ: (engine, plain)."""
    pairs = ((name, int(world[name][column]), model.cell(name)) for name in world.names)
    return {name: (one, other) for name, one, other in pairs if one != other}


def agree(spec: Spec, runs: list[int], turns: int) -> None:
    """Play both side by side, and compare orders, luck of moves, cells, endings and digests."""
    scenario = compile_scenario(spec)
    luck = Luck(scenario.header.seed, runs)
    world = begin(scenario, luck)
    models = [ScalarCrisis(spec, run=run) for run in runs]
    for column, model in enumerate(models):
        assert not difference(world, column, model), "at the start"
    for turn in range(1, min(turns, scenario.horizon) + 1):
        world, record = play(scenario, world, luck)
        for column, model in enumerate(models):
            if model.running:
                model.step()
                assert decisions(scenario, record, column) == decided(model), (turn, column)
                assert not difference(world, column, model), (turn, column)
            assert int(world.ending[column]) == ending(model)
            if model.turn == turn:
                assert world.digest(column) == model.digest(state(scenario))


def decisions(
    scenario: Scenario, record: TurnRecord, column: int
) -> dict[str, list[tuple[str | None, bool]]]:
    """What each actor ordered in one run, and whether it succeeded."""
    return {
        mind.actor: [
            (None if m == NO_MOVE else mind.moves[m], bool(done))
            for m, done in zip(
                record.orders[mind.actor][:, column],
                record.success[mind.actor][:, column],
                strict=True,
            )
        ]
        for mind in scenario.minds
    }


def decided(model: ScalarCrisis) -> dict[str, list[tuple[str | None, bool]]]:
    return {
        actor.id: list(zip(actor.orders, model.successes[actor.id], strict=True))
        for actor in model.seats
    }


def ending(model: ScalarCrisis) -> int:
    names = [None, *model.spec.scenario.endings, "unresolved"]
    return names.index(model.ending) - 1


def state(scenario: Scenario) -> list[str]:
    """The names of the cells that are state, in the order of their rows."""
    return sorted(scenario.rows, key=scenario.rows.__getitem__)[: scenario.state_rows]


@pytest.mark.parametrize(
    "name", ["tegmark-tree", "kherson-2022", "bridge-2022", "kaboom-2022", "cuba-2021"]
)
def test_the_shipped_scenarios(name: str) -> None:
    agree(shipped_spec(name), runs=[0, 5, 1_000_003], turns=60)


@pytest.mark.parametrize("policy", ["no-private-warnings", "questionable-ban"])
def test_policies(policy: str) -> None:
    agree(shipped_spec("kherson-2022", policy), runs=[0, 7], turns=20)


@pytest.mark.parametrize("seed", range(3))
def test_scenarios_put_together_at_random(seed: int) -> None:
    agree(load_texts(texts(seed)), runs=[0, 1, 2, 3, 8], turns=9)


@pytest.mark.long
def test_many_more_of_them() -> None:
    for seed in range(1000, 1300):
        agree(load_texts(texts(seed)), runs=list(range(6)), turns=9)


@pytest.mark.parametrize("seed", range(3))
def test_wide_numbers_change_nothing(seed: int) -> None:
    spec = load_texts(texts(seed))
    narrow, wide = (
        play_runs(compile_scenario(spec, dtype), range(70)) for dtype in (np.int32, np.int64)
    )
    assert np.array_equal(narrow.trail, wide.trail)
    assert np.array_equal(narrow.ending, wide.ending)


@pytest.mark.parametrize("seed", range(3))
def test_chunks_change_nothing(seed: int) -> None:
    scenario = compile_scenario(load_texts(texts(seed)))
    whole = play_runs(scenario, range(20))
    for chunk in (1, 3, 7):
        assert np.array_equal(play_runs(scenario, range(20), chunk=chunk).trail, whole.trail)


@pytest.mark.parametrize("seed", range(3))
def test_derived_gauges_are_never_stale(seed: int) -> None:
    """Only those that a phase can change are computed anew; all of them again changes nothing."""
    scenario = compile_scenario(load_texts(texts(seed)))
    luck = Luck(1, np.arange(5))
    world = begin(scenario, luck)
    while world.turn < scenario.horizon and world.running.all():
        world, _ = play(scenario, world, luck)
        assert np.array_equal(derive(scenario, world.cells.copy(), world.turn), world.cells)
