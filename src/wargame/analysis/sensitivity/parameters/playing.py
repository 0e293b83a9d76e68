"""Runs that begin with some cells set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from wargame.backends.simulate import CHUNK, finish
from wargame.backends.turn import begin, derive
from wargame.engine.randomness import Luck
from wargame.engine.record import Outcomes
from wargame.engine.scenario import Scenario, Unknown

Ints = npt.NDArray[np.int64]


def quantile(unknown: Unknown, share: npt.NDArray[np.float64]) -> Ints:
    """The values below which lie these shares, in 0..1, of what an unknown is drawn from."""
    place = np.searchsorted(unknown.edges, share * unknown.edges[-1], side="right")
    values: Ints = unknown.values[np.minimum(place, len(unknown.values) - 1)]
    return values


def play_set(
    scenario: Scenario,
    cells: Mapping[str, npt.ArrayLike],
    runs: Ints,
    seed: int,
    chunk: int = CHUNK,
) -> Iterator[Outcomes]:
    """Play runs that begin with some cells set, {name: one value, or one for each run}.

    runs: run numbers, each as often as one likes. Yields outcomes of `chunk` rows at a time, in
    the order of `runs`.
    """
    tables = {name: np.broadcast_to(np.asarray(v), runs.shape) for name, v in cells.items()}
    for first in range(0, len(runs), chunk):
        part = slice(first, first + chunk)
        luck = Luck(seed, runs[part])
        world = begin(scenario, luck)
        start = world.cells.copy()
        for name, values in tables.items():
            start[world.names[name]] = values[part]
        # Before the first turn, the highest stage of a dyad is the one that it stands at.
        scenario.dyads(start, "peak")[:] = scenario.dyads(start, "stage")
        yield finish(scenario, replace(world, cells=derive(scenario, start, 0)), luck)
