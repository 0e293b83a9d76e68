"""Runs that the tests of `show` look at."""

from __future__ import annotations

import pytest
from shipped import SHIPPED, shipped

from wargame.replay.replay import Replay, header_for, record


@pytest.fixture(scope="session")
def kherson() -> Replay:
    """Six turns of autumn 2022, which hold public, private and covert deeds."""
    scenario = shipped("kherson-2022")
    return record(scenario, header_for(scenario, run=7, until=6))


@pytest.fixture(scope="session", params=SHIPPED)
def replay(request: pytest.FixtureRequest) -> Replay:
    """A few turns of every scenario that comes with the program."""
    scenario = shipped(request.param)
    return record(scenario, header_for(scenario, run=3, until=4))
