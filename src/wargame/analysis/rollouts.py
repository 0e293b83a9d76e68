"""Many futures of many worlds of one scenario, at once.

Every world gets the futures 0, 1, ... n-1, and future k of one meets the same luck as future k of
any other: so worlds are compared pair by pair (common random numbers). Worlds of different turns
cannot be played in one table, but they need not be: a future that has come as far as the next
world's turn is played on beside that one's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.backends.simulate import CHUNK
from wargame.backends.turn import play
from wargame.batches.playing import LastFew
from wargame.batches.store.columns import Columns
from wargame.batches.study import Jobs, OnProgress, studying
from wargame.compiler.cached import compiled
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.engine.world import RUNNING, World

WORTH_PROCESSES = 10_000
"""With fewer futures, starting processes takes longer than playing them here."""


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
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
) -> Futures:
    """Play futures 0 to n-1 of each world, of any turn, to their ends.

    A world of one run is where all its futures begin; of a world of n runs, future k begins where
    run k stands.
    stream: names their luck, which has nothing to do with the luck of the run they start from.
    jobs: so many processes, if that is worth it, or a study. on_progress: told (done, all) futures.
    A world that is over has no future: it ends n times as it did.
    """
    seed = scenario.header.seed if seed is None else seed
    order = sorted(range(len(worlds)), key=lambda i: worlds[i].turn)
    sorted_worlds = [_bare(worlds[i]) for i in order]
    key = sha256(repr(sorted(scenario.spec.inputs.items())).encode()).hexdigest()
    _scenarios.put(key, scenario)
    width = max(1, len(worlds))

    def tell(done: int, total: int) -> None:
        if on_progress is not None:
            on_progress(done * len(worlds), total * len(worlds))

    with studying(jobs) as study:
        found = study.map(
            stream,
            f"{__name__}:play_part",
            range(n),
            about=[key, seed, stream, [_digest(world) for world in sorted_worlds]],
            settings={
                "inputs": scenario.spec.inputs,
                "key": key,
                "worlds": sorted_worlds,
                "luck": seed,
                "stream": stream,
            },
            chunk=max(1, min(CHUNK // width, -(-n // study.jobs))),
            small=n * len(worlds) < WORTH_PROCESSES,
            on_progress=tell,
        )
    ending = np.empty((len(worlds), n), dtype=np.int8)
    reached = np.empty((len(scenario.milestones), len(worlds), n), dtype=np.int32)
    ending[order] = found["ending"].T
    for place in range(len(scenario.milestones)):
        reached[place, order] = found[f"reached.{place}"].T
    return Futures(ending, reached)


_scenarios: LastFew[Scenario] = LastFew()


def play_part(task: dict[str, Any]) -> Columns:
    """Some futures of all worlds of a task; each column futures x worlds."""
    scenario = _scenarios.get(task["key"], lambda: compiled(task["inputs"]))
    numbers = range(task["start"], task["stop"])
    ending, reached = _sweep(scenario, task["worlds"], numbers, task["luck"], task["stream"])
    return {
        "ending": ending.T,
        **{f"reached.{place}": turns.T for place, turns in enumerate(reached)},
    }


def _digest(world: World) -> str:
    parts = (world.cells, world.runs, world.ending, world.ended, world.trail)
    seen = sha256(f"{world.turn}".encode())
    for part in parts:
        seen.update(np.ascontiguousarray(part).tobytes())
    return seen.hexdigest()


def _bare(world: World) -> World:
    """The world without its names, which every process has from the scenario."""
    return replace(world, names={})


def _sweep(
    scenario: Scenario, worlds: list[World], numbers: range, seed: int, stream: str
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """Play these futures of all worlds, in the order of their turns: the arrays of `Futures`."""
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
    return ending.reshape(shape), reached.reshape(-1, *shape)


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
