"""One run from beginning to end, with everything that a reader of it may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wargame.backends.turn import Decider, begin, play
from wargame.engine.randomness import Luck
from wargame.engine.record import TurnRecord
from wargame.engine.scenario import Scenario
from wargame.engine.world import RUNNING, World


@dataclass(frozen=True)
class Playthrough:
    """One run: the world before the first turn and after each, and each turn's record.

    `worlds[t]` is the world after t turns; `records[t - 1]` is the record of turn t, with what
    every actor saw and weighed in its `detail`.
    """

    scenario: Scenario
    seed: int
    run: int
    worlds: tuple[World, ...]
    records: tuple[TurnRecord, ...]

    @property
    def turns(self) -> int:
        """How many turns were played."""
        return len(self.records)

    @property
    def ending(self) -> str | None:
        """The ending reached, or None if the run was left before its end."""
        index = int(self.worlds[-1].ending[0])
        return None if index == RUNNING else self.scenario.header.endings[index]


def play_through(
    scenario: Scenario,
    seed: int | None = None,
    run: int = 0,
    deciders: Mapping[str, Decider] | None = None,
) -> Playthrough:
    """Play run `run` to its end; `seed` defaults to the scenario's."""
    seed = scenario.header.seed if seed is None else seed
    luck = Luck(seed, [run])
    worlds, records = [begin(scenario, luck)], []
    while worlds[-1].turn < scenario.horizon and worlds[-1].running.all():
        world, record = play(scenario, worlds[-1], luck, deciders, detail=True)
        worlds.append(world)
        records.append(record)
    return Playthrough(scenario, seed, run, tuple(worlds), tuple(records))
