"""The course of many runs, from a world to their ends.

The native machine plays them where there is one and nobody has to be asked between turns; else
NumPy does, to the same bits. With NumPy, runs that have ended are dropped from the table once
they are a quarter of it (measured: the best threshold); luck is addressed by run number, so
nothing changes for those that go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from wargame.backends import native
from wargame.backends.levels import machine
from wargame.backends.lowering import program_of
from wargame.backends.turn import Decider, begin, play
from wargame.engine.randomness import Luck, key_of
from wargame.engine.record import Outcomes, TurnRecord, join
from wargame.engine.scenario import Scenario
from wargame.engine.world import RUNNING, World

CHUNK = 10_000  # runs at a time: enough to amortise calls, few enough to see a batch move
COMPACT = 0.75  # share of live runs below which ended ones are dropped

Watcher = Callable[[World, TurnRecord], None]


def play_runs(
    scenario: Scenario,
    runs: npt.ArrayLike,
    seed: int | None = None,
    stream: str = "",
    deciders: Mapping[str, Decider] | None = None,
    chunk: int = CHUNK,
) -> Outcomes:
    """Play the `runs` (run numbers) of a scenario to their ends, `chunk` at a time.

    Returns one row a run, sorted by run number. Run k is the same to the bit whatever runs it
    is played with. `seed` defaults to the scenario's.
    """
    numbers = np.asarray(runs, dtype=np.int64)
    seed = scenario.header.seed if seed is None else seed
    parts = []
    for first in range(0, max(numbers.size, 1), chunk):
        luck = Luck(seed, numbers[first : first + chunk], stream)
        if deciders or not machine().loaded:
            parts.append(finish(scenario, begin(scenario, luck), luck, deciders))
        else:
            parts.append(_natively(scenario, luck))
    return join(parts)


def finish(
    scenario: Scenario,
    world: World,
    luck: Luck,
    deciders: Mapping[str, Decider] | None = None,
    watch: Watcher | None = None,
) -> Outcomes:
    """Play every run of `world` to its end. `watch` is shown each turn as it is played."""
    if not deciders and watch is None and machine().loaded:
        return _natively(scenario, luck, world)
    tally = _Tally(scenario, world)
    tally.keep(world)
    while world.turn < scenario.horizon and world.running.any():
        live = world.running
        if live.mean() < COMPACT:
            rows = np.flatnonzero(live)
            world = world.take(rows)
            luck = Luck(luck.seed, world.runs, luck.stream)
            tally.compact(rows)
        before = world.running
        world, record = play(scenario, world, luck, deciders)
        tally.count(record, before)
        tally.keep(world)
        if watch is not None:
            watch(world, record)
    return tally.outcomes()


def _natively(scenario: Scenario, luck: Luck, world: World | None = None) -> Outcomes:
    """Whole runs on the native machine, from a world or from the beginning."""
    program, key = program_of(scenario), key_of(luck.seed, luck.stream)
    if world is None:
        return _outcomes(scenario, luck.runs, native.play(program, key, luck.runs))
    live = np.flatnonzero(world.running)
    rows = program.kept
    played = native.play(
        program,
        key,
        world.runs[live],
        world.turn,
        np.ascontiguousarray(world.cells[:, live]),
        world.trail[live],
    )
    whole = native.Played(
        ending=world.ending.copy(),
        ended=world.ended.copy(),
        trail=world.trail.copy(),
        kept=world.cells[rows],
        played=played.played,
    )
    for name in ("ending", "ended", "trail", "kept"):
        getattr(whole, name)[..., live] = getattr(played, name)
    return _outcomes(scenario, world.runs, whole)


def _outcomes(scenario: Scenario, runs: npt.NDArray[np.int64], it: native.Played) -> Outcomes:
    reached, dyads = len(scenario.milestones), scenario.dyad_count
    kept = it.kept.astype(np.int64)
    played, first = {}, 0
    for mind in scenario.minds:
        played[mind.actor] = it.played[first : first + len(mind.moves)]
        first += len(mind.moves) + 1
    return Outcomes(
        run=runs,
        ending=it.ending,
        turn=it.ended,
        decided=it.ended - _held(scenario)[it.ending] + 1,
        reached=kept[:reached],
        peak=kept[reached : reached + dyads],
        unknown=kept[reached + dyads :],
        trail=it.trail,
        played=played,
    )


def _held(scenario: Scenario) -> npt.NDArray[np.int64]:
    """For how many turns each ending must have held, and 1 for none."""
    return np.array([rule.turns for rule in scenario.endings] + [1], dtype=np.int64)


class _Tally:
    """Gathers how runs end, by their place in the world that was given."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        n = world.n
        self.scenario = scenario
        self.place = np.arange(n)
        self.done = np.zeros(n, dtype=np.bool_)
        self.runs = world.runs
        self.cells = np.empty((scenario.state_rows, n), dtype=world.cells.dtype)
        self.ending = np.empty(n, dtype=np.int64)
        self.ended = np.empty(n, dtype=np.int64)
        self.trail = np.empty(n, dtype=np.uint64)
        self.played = {
            mind.actor: np.zeros((len(mind.moves), scenario.horizon), dtype=np.int64)
            for mind in scenario.minds
        }

    def compact(self, rows: npt.NDArray[np.intp]) -> None:
        self.place = self.place[rows]

    def count(self, record: TurnRecord, live: npt.NDArray[np.bool_]) -> None:
        for actor, orders in record.orders.items():
            table = self.played[actor]
            counts = np.bincount(orders[:, live].ravel() + 1, minlength=len(table) + 1)
            table[:, record.turn - 1] += counts[1:]

    def keep(self, world: World) -> None:
        """Write down the runs that have just ended."""
        ended = np.flatnonzero((world.ending != RUNNING) & ~self.done[self.place])
        if not ended.size:
            return
        place = self.place[ended]
        self.done[place] = True
        self.cells[:, place] = world.cells[: self.scenario.state_rows, ended]
        self.ending[place] = world.ending[ended]
        self.ended[place] = world.ended[ended]
        self.trail[place] = world.trail[ended]

    def outcomes(self) -> Outcomes:
        scenario = self.scenario
        return Outcomes(
            run=self.runs,
            ending=self.ending,
            turn=self.ended,
            decided=self.ended - _held(scenario)[self.ending] + 1,
            reached=scenario.reached(self.cells).astype(np.int64),
            peak=scenario.dyads(self.cells, "peak").astype(np.int64),
            unknown=self.cells[[unknown.row for unknown in scenario.unknowns]].astype(np.int64),
            trail=self.trail,
            played=self.played,
        )
