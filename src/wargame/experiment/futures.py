"""Many futures of many worlds of one scenario, at once.

Every world gets the futures 0, 1, ... n-1, and future k of one meets the same luck as future k of
any other: so worlds are compared pair by pair (common random numbers). Worlds of different turns
cannot be played in one table, but they need not be: a future that has come as far as the next
world's turn is played on beside that one's.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.course import CHUNK
from wargame.draws import Luck
from wargame.errors import WargameError
from wargame.ready import compiled
from wargame.scenario import Scenario
from wargame.turn import play
from wargame.world import RUNNING, World

OnProgress = Callable[[int, int], object]
"""Told how many of how many futures have been played."""

WORTH_PROCESSES = 10_000
"""With fewer futures, starting processes takes longer than playing them here."""

Part = tuple[range, npt.NDArray[np.int8], npt.NDArray[np.int32]]


@dataclass(frozen=True)
class Futures:
    """How the futures of S worlds ended: n each.

    ending: index into the header's endings, S x n. reached: the turn in which each milestone was
    or is first reached, 0 if never, milestones x S x n.
    """

    ending: npt.NDArray[np.int8]
    reached: npt.NDArray[np.int32]

    @property
    def n(self) -> int:
        """How many futures each world has."""
        return int(self.ending.shape[1])

    def counts(self, endings: int) -> npt.NDArray[np.int64]:
        """How many futures of each world end in each ending, S x endings."""
        return np.stack([np.bincount(row, minlength=endings) for row in self.ending])


def play_futures(
    scenario: Scenario,
    worlds: Sequence[World],
    n: int,
    stream: str,
    seed: int | None = None,
    jobs: int = 1,
    on_progress: OnProgress | None = None,
) -> Futures:
    """Play futures 0 to n-1 of each world, of any turn, to their ends.

    A world of one run is where all its futures begin; of a world of n runs, future k begins where
    run k stands.
    stream: names their luck, which has nothing to do with the luck of the run they start from.
    jobs: so many processes, if that is worth it; a script that asks for several must be importable.
    A world that is over has no future: it ends n times as it did.
    """
    seed = scenario.header.seed if seed is None else seed
    jobs = jobs if n * len(worlds) >= WORTH_PROCESSES else 1
    order = sorted(range(len(worlds)), key=lambda i: worlds[i].turn)
    sorted_worlds = [_bare(worlds[i]) for i in order]
    size = max(1, min(CHUNK // max(1, len(worlds)), -(-n // jobs)))
    parts = [range(first, min(first + size, n)) for first in range(0, n, size)]
    ending = np.empty((len(worlds), n), dtype=np.int8)
    reached = np.empty((len(scenario.milestones), len(worlds), n), dtype=np.int32)
    done = 0
    for numbers, ends, milestones in _parts(scenario, sorted_worlds, parts, seed, stream, jobs):
        ending[order, numbers.start : numbers.stop] = ends
        reached[:, order, numbers.start : numbers.stop] = milestones
        done += len(numbers) * len(worlds)
        if on_progress is not None:
            on_progress(done, n * len(worlds))
    return Futures(ending, reached)


def _bare(world: World) -> World:
    """The world without its names, which every process has from the scenario."""
    return replace(world, names={})


def _parts(
    scenario: Scenario,
    worlds: list[World],
    parts: list[range],
    seed: int,
    stream: str,
    jobs: int,
) -> Iterator[Part]:
    jobs = min(jobs, len(parts))
    if jobs <= 1:
        for numbers in parts:
            yield _sweep(scenario, worlds, numbers, seed, stream)
        return
    # A fork of a process that has threads, as a server has, may never wake up.
    context = multiprocessing.get_context("spawn")
    inputs = scenario.spec.inputs
    pool = ProcessPoolExecutor(
        jobs, context, initializer=_prepare, initargs=(inputs, worlds, seed, stream)
    )
    try:
        for future in as_completed([pool.submit(_sweep_here, numbers) for numbers in parts]):
            yield future.result()
    except BrokenProcessPool:
        raise WargameError("a process that played futures was ended (out of memory?)") from None
    finally:
        # Whoever stops halfway waits for the parts under way, and for no others.
        pool.shutdown(cancel_futures=True)


_HERE: dict[str, Any] = {}
"""What a worker process was told when it began."""


def _prepare(inputs: Mapping[str, str], worlds: list[World], seed: int, stream: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this to answer
    _HERE.update(scenario=compiled(inputs), worlds=worlds, seed=seed, stream=stream)


def _sweep_here(numbers: range) -> Part:
    return _sweep(_HERE["scenario"], _HERE["worlds"], numbers, _HERE["seed"], _HERE["stream"])


def _sweep(scenario: Scenario, worlds: list[World], numbers: range, seed: int, stream: str) -> Part:
    """Play these futures of all worlds, which are in the order of their turns."""
    width = len(numbers)
    ending = np.full(len(worlds) * width, RUNNING, dtype=np.int8)
    reached = np.zeros((len(scenario.milestones), ending.size), dtype=np.int32)

    def keep(table: World, place: npt.NDArray[np.intp]) -> tuple[World, npt.NDArray[np.intp]]:
        """Write down the futures that are over; the table and places of those that go on."""
        over = np.flatnonzero(~table.running)
        if not over.size:
            return table, place
        ending[place[over]] = table.ending[over]
        reached[:, place[over]] = scenario.reached(table.cells)[:, over]
        live = np.flatnonzero(table.running)
        return table.take(live), place[live]

    table: World | None = None
    place = np.empty(0, dtype=np.intp)
    waiting = deque(enumerate(replace(world, names=scenario.rows) for world in worlds))
    while waiting or place.size:
        if not place.size:
            table = None
        turn = waiting[0][1].turn if table is None else table.turn
        tables, places = ([], []) if table is None else ([table], [place])
        while waiting and waiting[0][1].turn == turn:
            index, world = waiting.popleft()
            runs = np.arange(numbers.start, numbers.stop)
            tables.append(world.take(runs if world.n > 1 else np.zeros_like(runs), runs))
            places.append(np.arange(index * width, (index + 1) * width))
        table, place = keep(beside(tables), np.concatenate(places))
        if place.size:
            table, _ = play(scenario, table, Luck(seed, table.runs, stream))
            table, place = keep(table, place)
    shape = (len(worlds), width)
    return numbers, ending.reshape(shape), reached.reshape(-1, *shape)


def beside(tables: list[World]) -> World:
    """Tables of the same turn as one."""
    if len(tables) == 1:
        return tables[0]
    return replace(
        tables[0],
        cells=np.concatenate([table.cells for table in tables], axis=1),
        runs=np.concatenate([table.runs for table in tables]),
        ending=np.concatenate([table.ending for table in tables]),
        ended=np.concatenate([table.ended for table in tables]),
        trail=np.concatenate([table.trail for table in tables]),
    )
