"""Runs that the tests of `show` look at."""

from __future__ import annotations

import pytest

from wargame.compiler import compile_scenario
from wargame.content.load import load
from wargame.replay.replay import Replay, header_for, record

SCENARIOS = ("kherson-2022", "bridge-2022", "kaboom-2022", "cuba-2021", "tegmark-tree")


@pytest.fixture(scope="session")
def kherson() -> Replay:
    """Six turns of autumn 2022, which hold public, private and covert deeds."""
    scenario = compile_scenario(load("kherson-2022"))
    return record(scenario, header_for(scenario, run=7, until=6))


@pytest.fixture(scope="session", params=SCENARIOS)
def replay(request: pytest.FixtureRequest) -> Replay:
    """A few turns of every scenario that comes with the program."""
    scenario = compile_scenario(load(request.param))
    return record(scenario, header_for(scenario, run=3, until=4))
