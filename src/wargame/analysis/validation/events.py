"""Named events, and in which weeks of which runs they came.

An event is a move that was made, a condition in the rule language, an ending, or several events
together. Conditions are compiled into the scenario as further milestones, so they are read by the
same function that judges the runs, at the end of each turn; nothing else of a run changes.
Patterns and base rates ask their questions of these traces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field, model_validator

from wargame.analysis.calibration.sampling import about
from wargame.backends.simulate import finish
from wargame.backends.turn import begin
from wargame.batches.store.columns import Columns
from wargame.batches.study import Jobs, OnProgress, studying
from wargame.compiler import compile_scenario
from wargame.content.diagnostics import Findings
from wargame.content.digest import digest
from wargame.content.load import load_texts
from wargame.content.spec import (
    EndingName,
    Expr,
    ExprField,
    Item,
    ItemId,
    Many,
    MilestoneSpec,
    MoveOfActor,
    Spec,
    Text,
)
from wargame.engine.randomness import Luck
from wargame.engine.record import TurnRecord
from wargame.engine.scenario import Scenario
from wargame.engine.world import World
from wargame.expression import tabulate

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Conditions = tuple[Expr | None, ...]

NEVER = 1_000_000  # as a turn: later than any
HIDDEN = "event"


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Moves = Annotated[Many[MoveOfActor], BeforeValidator(_one_or_many)]
Names = Annotated[Many[EndingName], BeforeValidator(_one_or_many)]
EventNames = Annotated[Many[ItemId], BeforeValidator(_one_or_many)]


class EventSpec(Item):
    """Something that a run may show in a turn.

    moves: one of these was made, as ``russia.annex``; succeeded: and succeeded. when: a condition,
    judged at the end of the turn; with `moves`, both. ending: the run came to one of these in this
    turn. all, any: the other events of which all, or one, have come by now. until: only the first
    so many turns.
    """

    short_for = "when"

    moves: Moves = ()
    succeeded: Annotated[bool, BeforeValidator(lambda flag: getattr(flag, "value", flag))] = False
    when: ExprField | None = None
    ending: Names = ()
    all: EventNames = ()
    any: EventNames = ()
    until: Annotated[int, Field(ge=1, le=10_000)] | None = None
    title: Text | None = None

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        ways = [bool(self.moves or self.when), bool(self.ending), bool(self.all), bool(self.any)]
        if sum(ways) != 1:
            raise ValueError("say one of: moves (and when), when, ending, all, any")
        if self.succeeded and not self.moves:
            raise ValueError("succeeded goes with moves")
        return self


Events = Mapping[str, EventSpec]


@dataclass(frozen=True)
class Traces:
    """In which turns of which runs each event came.

    came: {event: turns x n}. live: turns x n, the turns that were played. Turn t stands in row
    t - 1.
    """

    came: Mapping[str, Flags]
    live: Flags

    @property
    def n(self) -> int:
        """How many runs there are."""
        return int(self.live.shape[1])

    def first(self, event: str) -> Ints:
        """The first turn in which it came, or `NEVER`, shape (n,)."""
        flags = self.came[event]
        turns: Ints = np.where(flags.any(axis=0), flags.argmax(axis=0) + 1, NEVER)
        return turns

    def weeks(self, event: str) -> Ints:
        """In how many turns it came, shape (n,)."""
        turns: Ints = self.came[event].sum(axis=0, dtype=np.int64)
        return turns


def checked(events: Events, spec: Spec, findings: Findings) -> None:
    """Note every name in `events` that the scenario does not know."""
    file = spec.scenario
    actors = {actor.id for actor in spec.actors}
    before: set[str] = set()
    for name, event in events.items():
        for written in event.moves:
            actor, _, move = written.rpartition(".")
            if actor not in actors:
                findings.unknown("actor", actor, actors, written)
            elif actor not in getattr(spec.moves.get(move), "by", ()):
                own = [key for key, item in spec.moves.items() if actor in item.by]
                findings.unknown(f"move of {actor}", move, own, written)
        for ending in event.ending:
            if ending not in file.endings:
                findings.unknown("ending", ending, file.endings)
        for other in (*event.all, *event.any):
            if other not in before:
                findings.unknown("event before this one", other, before)
        before.add(name)


def watched(spec: Spec, events: Events) -> Spec:
    """`spec` with a hidden milestone for every condition among the events."""
    return _with_conditions(spec, tuple(event.when for event in events.values()))


def _with_conditions(spec: Spec, conditions: Conditions) -> Spec:
    """The condition of event i becomes the milestone `event.i`, behind those that there are."""
    hidden = {
        f"{HIDDEN}.{place}": MilestoneSpec(when=when)
        for place, when in enumerate(conditions)
        if when is not None
    }
    file = spec.scenario
    changed = file.model_copy(update={"milestones": {**file.milestones, **hidden}})
    return replace(spec, scenario=changed)


@dataclass
class _Eye:
    """Looks at each turn of a set of runs and writes down which events came.

    scenario: compiled from `watched`. first: the number of the first run; the others follow.
    """

    scenario: Scenario
    events: Events
    first: int
    n: int
    came: dict[str, Flags] = field(init=False)
    live: Flags = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.scenario.horizon, self.n)
        self.came = {name: np.zeros(shape, dtype=np.bool_) for name in self.events}
        self.live = np.zeros(shape, dtype=np.bool_)
        self.goals = len(self.scenario.milestones) + len(self.scenario.endings)

    def look(self, world: World, record: TurnRecord) -> None:
        """Note what came in the turn that led to `world`."""
        live = (world.ended == 0) | (world.ended == world.turn)
        row, columns = world.turn - 1, (world.runs - self.first)[live]
        self.live[row, columns] = True
        judged = tabulate(
            self.scenario.judge_block(world.cells, None, world.turn), self.goals, world.n, np.bool_
        )
        for place, (name, event) in enumerate(self.events.items()):
            if event.until is not None and world.turn > event.until:
                continue
            if event.all or event.any:
                found = self.together(event, row)[columns]
            else:
                found = self.seen(event, place, world, record, judged)[live]
            self.came[name][row, columns] = found

    def seen(
        self, event: EventSpec, place: int, world: World, record: TurnRecord, judged: Flags
    ) -> Flags:
        """Whether it came in this turn, in each run of `world`."""
        if event.ending:
            places = [self.scenario.header.endings.index(name) for name in event.ending]
            return np.isin(world.ending, places)
        found = np.full(world.n, not event.moves)
        for written in event.moves:
            actor, _, move = written.rpartition(".")
            index = self.scenario.header.moves[actor].index(move)
            made = record.orders[actor] == index
            found |= (made & record.success[actor] if event.succeeded else made).any(axis=0)
        if event.when is not None:
            found = found & judged[self.scenario.milestones.index(f"{HIDDEN}.{place}")]
        return found

    def together(self, event: EventSpec, row: int) -> Flags:
        """Whether all, or any, of the events it is made of have come by this turn, all runs."""
        parts = [self.came[other][: row + 1].any(axis=0) for other in (*event.all, *event.any)]
        found: Flags = (np.logical_and if event.all else np.logical_or).reduce(parts)
        return found

    def traces(self) -> Traces:
        return Traces(self.came, self.live)


def traces_of(
    scenario: Scenario, events: Events, worlds: Sequence[World], records: Sequence[TurnRecord]
) -> Traces:
    """The events of one run that was kept: `worlds[t]` after t turns, `records[t - 1]` of turn t.

    scenario: compiled from `watched`.
    """
    eye = _Eye(scenario, events, int(worlds[0].runs[0]), 1)
    for world, record in zip(worlds[1:], records, strict=True):
        eye.look(world, record)
    return eye.traces()


def watch(
    spec: Spec,
    events: Events,
    runs: int,
    seed: int | None = None,
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
    ruleless: bool = False,
) -> Traces:
    """Play runs 0 to `runs` - 1 of a scenario, and say when each event came.

    seed: the scenario's, if left out. jobs: processes, or a study; the answer does not depend on
    them. on_progress: told (done, all) runs. ruleless: the actors forget their rules and draw
    their moves by base weight alone. Raises SpecError for conditions that cannot be read.
    """
    variant = _Variant(tuple(spec.inputs.items()), spec.barred, ruleless)
    seen = watched(spec, events)
    compile_scenario(seen)  # faults here, not in a worker
    with studying(jobs) as study:
        found = study.map(
            "events without rules" if ruleless else "events",
            f"{__name__}:play",
            range(runs),
            about=[about(seen), digest(events.items()), ruleless, seed],
            settings={"made_of": variant, "events": dict(events), "luck": seed},
            on_progress=on_progress,
        )
    return Traces({name: found[f"came.{name}"].T for name in events}, found["live"].T)


@dataclass(frozen=True)
class _Variant:
    """What is played: the texts, the moves that are barred, and whether there are rules."""

    inputs: tuple[tuple[str, str], ...]
    barred: frozenset[tuple[str, str]]
    ruleless: bool

    def spec(self) -> Spec:
        spec = replace(load_texts(dict(self.inputs)), barred=self.barred)
        if not self.ruleless:
            return spec
        actors = tuple(actor.model_copy(update={"rules": ()}) for actor in spec.actors)
        return replace(spec, actors=actors)


def play(task: dict[str, Any]) -> Columns:
    """What came in each turn of the runs of a task; each column runs x turns."""
    events: dict[str, EventSpec] = task["events"]
    start, stop, seed = task["start"], task["stop"], task["luck"]
    scenario = _compiled(task["made_of"], tuple(event.when for event in events.values()))
    luck = Luck(scenario.header.seed if seed is None else seed, np.arange(start, stop))
    eye = _Eye(scenario, events, start, stop - start)
    finish(scenario, begin(scenario, luck), luck, watch=eye.look)
    return {"live": eye.live.T, **{f"came.{name}": flags.T for name, flags in eye.came.items()}}


@lru_cache(maxsize=4)
def _compiled(variant: _Variant, conditions: Conditions) -> Scenario:
    """Compiled once in each process: of the events, only their conditions enter the scenario."""
    return compile_scenario(_with_conditions(variant.spec(), conditions))
