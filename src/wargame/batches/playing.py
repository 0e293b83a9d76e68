"""What a worker does with a chunk of a batch: compile the variant once, then play its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from wargame.backends.simulate import play_runs
from wargame.compiler.cached import compiled
from wargame.engine.record import Outcomes, RunHeader
from wargame.engine.scenario import Scenario

Columns = dict[str, NDArray[Any]]
Thing = TypeVar("Thing")


class LastFew(Generic[Thing]):
    """What a process has made ready lately, by key: the chunks of a stage all need the same."""

    MOST = 4

    def __init__(self) -> None:
        self._things: dict[object, Thing] = {}

    def get(self, key: object, make: Callable[[], Thing]) -> Thing:
        """The thing of this key, made now if it is not there."""
        thing = self._things.get(key)
        if thing is None:
            thing = make()
            self.put(key, thing)
        return thing

    def put(self, key: object, thing: Thing) -> None:
        """Take a thing that somebody has at hand."""
        self._things[key] = thing
        while len(self._things) > self.MOST:
            del self._things[next(iter(self._things))]


def prepare(task: Mapping[str, Any]) -> Scenario:
    """The compiled scenario of a variant, from the texts that travel with its tasks."""
    return compiled(task["inputs"])


def play(task: Mapping[str, Any]) -> Columns:
    """Play the runs of one chunk; one column per thing that a row of results says."""
    scenario: Scenario = task["prepared"]
    outcomes = play_runs(scenario, np.arange(task["start"], task["stop"]), task["seed"])
    return columns_of(outcomes, scenario.header)


def layout(header: RunHeader) -> dict[str, type[np.generic]]:
    """The columns of a run's results, in order, and their types.

    ending: index into the header's endings. turn: of the ending. decided: the turn from which it
    held. reached.NAME: turn of a milestone, 0 for never. peak.DYAD: highest stage. unknown.NAME:
    as drawn. trail: the rolling hash that proves the run.
    """
    return {
        "ending": np.uint8,
        "turn": np.uint16,
        "decided": np.uint16,
        **{f"reached.{name}": np.uint16 for name in header.milestones},
        **{f"peak.{name}": np.uint8 for name in header.dyads},
        **{f"unknown.{name}": np.int32 for name in header.unknowns},
        "trail": np.uint64,
    }


def columns_of(outcomes: Outcomes, header: RunHeader) -> Columns:
    """Outcomes as the columns of `layout`, one element a run."""
    rows = (
        outcomes.ending,
        outcomes.turn,
        outcomes.decided,
        *outcomes.reached,
        *outcomes.peak,
        *outcomes.unknown,
        outcomes.trail,
    )
    return {
        name: row.astype(dtype)
        for (name, dtype), row in zip(layout(header).items(), rows, strict=True)
    }
