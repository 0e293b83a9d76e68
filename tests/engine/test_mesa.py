"""The crisis as an ordinary Mesa model, and the same agents deciding for many runs."""

from __future__ import annotations

import mesa
import numpy as np
import pytest
from shipped import shipped

from wargame.backends.simulate import play_runs
from wargame.replay.mesa_model import Actor, Crisis


def test_one_run_is_an_ordinary_model() -> None:
    crisis = Crisis("kherson-2022", seed=7)
    assert isinstance(crisis, mesa.Model)
    assert len(crisis.agents.select(lambda actor: actor.name == "usa")) == 1
    assert [actor.name for actor in crisis.actors] == list(crisis.compiled.header.actors)
    assert all(isinstance(actor, Actor) for actor in crisis.agents)
    assert crisis.running
    while crisis.running:
        crisis.step()
    assert crisis.ending in crisis.compiled.header.endings
    assert crisis.turn <= 52
    last = crisis.world.digest()
    crisis.step()
    assert crisis.world.digest() == last, "a run that has ended is over"

    table = crisis.datacollector.get_model_vars_dataframe()
    assert len(table) == crisis.turn
    for column in ("turn", "stage(russia-ukraine)", "heat(russia-usa)", "violence", "ending"):
        assert column in table.columns
    assert list(table["turn"]) == list(range(1, crisis.turn + 1))
    assert table["ending"].iloc[-1] == crisis.ending


def test_the_model_and_the_batch_tell_the_same_story() -> None:
    crisis = Crisis("kherson-2022", run=5)
    while crisis.running:
        crisis.step()
    outcomes = play_runs(crisis.compiled, [5])
    assert crisis.world.trail[0] == outcomes.trail[0]
    assert crisis.ending == crisis.compiled.header.endings[outcomes.ending[0]]


def test_the_same_agents_play_a_batch() -> None:
    scenario = shipped("kherson-2022")
    outcomes = Crisis(scenario, seed=7, runs=range(50)).play()
    assert np.array_equal(outcomes.trail, play_runs(scenario, range(50), 7).trail)


def test_an_agent_can_be_told_what_to_do() -> None:
    crisis = Crisis("kherson-2022")
    russia = crisis.actors[0]
    hold = crisis.compiled.mind("russia").hold
    russia.seat = lambda situation: np.full((2, 1), hold)
    for _ in range(4):
        crisis.step()
        assert set(russia.played) == {"hold"}


def test_mesa_can_run_a_batch_of_its_own() -> None:
    parameters = {"scenario": ["tegmark-tree"], "run": [0, 1, 2]}
    rows = mesa.batch_run(Crisis, parameters, iterations=1, max_steps=10, display_progress=False)
    scenario = shipped("tegmark-tree")
    outcomes = play_runs(scenario, range(3))
    told = {row["run"]: row["ending"] for row in rows}
    assert told == {k: scenario.header.endings[outcomes.ending[k]] for k in range(3)}


def test_mesas_luck_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    crisis = Crisis("kherson-2022", seed=3)
    state = crisis.random.getstate()
    for _ in range(3):
        crisis.step()
    assert crisis.random.getstate() == state
