"""From a log to the world at any turn, and from a run to its log.

Orders are stored, state is derived: replaying plays every turn anew and compares what comes of
it with what the log says came of it. A log that this engine would play otherwise, because it was
written by another version or tampered with, can still be looked at: from the first difference
on, its worlds are put together from what it recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame import __version__
from wargame.backends.turn import (
    DRAWN,
    FAILED,
    SKIPPED,
    SUCCEEDED,
    Situation,
    begin,
    by_rules,
    derive,
    play,
)
from wargame.compiler.cached import compiled, opened
from wargame.content.spec import Expr
from wargame.engine.decision import Weighing
from wargame.engine.effects import EffectBook
from wargame.engine.randomness import Luck
from wargame.engine.record import TurnRecord
from wargame.engine.scenario import Scenario
from wargame.engine.world import RUNNING, World
from wargame.errors import OrderError, ReplayError, SpecError
from wargame.replay.check import Difference, Verdict, difference, opening_difference
from wargame.replay.injects import compile_inject, read_inject
from wargame.replay.log_file import Event, Log, LogWriter, read_log
from wargame.replay.orders import ACCEPT, Desk, Order, Ruling, indices, open_desk
from wargame.replay.playthrough import Playthrough
from wargame.replay.turn_log import TURN, Header, LeftOut, TurnEvent, fold

Ints = npt.NDArray[np.int64]
Orders = Mapping[str, Sequence[Order]]
Rulings = Mapping[str, Sequence[Ruling]]
StrPath = str | os.PathLike[str]

VERDICTS = {
    "accept": DRAWN,
    "modify": DRAWN,
    "skip": SKIPPED,
    "succeed": SUCCEEDED,
    "fail": FAILED,
}


# ------------------------------------------------------------------------------ one turn


@dataclass(frozen=True)
class Plan:
    """What is laid down for a turn. Actors without orders decide by their rules."""

    orders: Orders = field(default_factory=dict)
    rulings: Rulings = field(default_factory=dict)
    injects: Sequence[Mapping[str, Any]] = ()
    left_out: Sequence[LeftOut] = ()


@dataclass(frozen=True)
class Played:
    """A turn that was played: the world after it, its record, and its event for the log.

    unlawful: orders, as (actor, move), that the engine would not have offered.
    """

    world: World
    record: TurnRecord
    event: TurnEvent
    unlawful: tuple[tuple[str, str], ...]


def play_turn(
    scenario: Scenario,
    world: World,
    luck: Luck,
    plan: Plan | None = None,
    *,
    detail: bool = True,
) -> Played:
    """Play the turn after `world`, a world of one run, as the plan says.

    detail: keep what each actor saw and weighed. Raises OrderError for orders or rulings that
    this scenario does not know, SpecError for such injects.
    """
    plan = plan or Plan()
    seats = {
        actor: _Seat(scenario, actor, plan.orders.get(actor), plan.rulings.get(actor, ()))
        for actor in scenario.header.actors
    }
    _check_actors(scenario, plan)
    following, record = play(
        scenario,
        world,
        luck,
        seats,
        {actor: _verdicts(seat.rulings) for actor, seat in seats.items() if seat.rulings},
        books(scenario, plan.injects),
    )
    if detail:
        weighed = {actor: (seat.kept, seat.kept.weigh()) for actor, seat in seats.items()}
        record = replace(record, detail=weighed)
    happened = np.flatnonzero(record.happened[:, 0])
    ending = int(following.ending[0])
    event = TurnEvent(
        turn=record.turn,
        orders={actor: seat.orders for actor, seat in seats.items()},
        rulings={actor: seat.rulings for actor, seat in seats.items() if seat.rulings},
        injects=tuple(dict(inject) for inject in plan.injects),
        left_out=tuple(plan.left_out),
        news=tuple(scenario.header.happenings[i] for i in happened),
        opened=next((_digest(seat.kept.cells) for seat in seats.values()), None),
        success={a: tuple(map(bool, flags[:, 0])) for a, flags in record.success.items()},
        changed=changed(world, following),
        ending=None if ending == RUNNING else scenario.header.endings[ending],
        after=following.digest(),
    )
    unlawful = tuple((actor, move) for actor, seat in seats.items() for move in seat.unlawful)
    return Played(following, record, event, unlawful)


@dataclass(frozen=True)
class _Kept(Situation):
    """A situation that outlives its turn, and that is weighed only once."""

    @classmethod
    def of(cls, situation: Situation) -> _Kept:
        """The situation with the world as it is now, whatever becomes of it later."""
        parts = vars(situation)
        return cls(**{**parts, "cells": situation.cells.copy()})

    @cached_property
    def _weighing(self) -> Weighing:
        return super().weigh()

    def weigh(self) -> Weighing:
        """What the actor's rules say of each of its moves."""
        return self._weighing


class _Seat:
    """Decides for one actor as it was ordered, or by its rules; remembers what it did.

    orders: what was given, before rulings. kept: what it decided on.
    """

    kept: _Kept

    def __init__(
        self,
        scenario: Scenario,
        actor: str,
        orders: Sequence[Order] | None,
        rulings: Sequence[Ruling],
    ) -> None:
        moves = scenario.header.moves[actor]
        count = scenario.spec.scenario.turn.orders
        self.moves = moves
        self.orders: tuple[Order, ...] = tuple(orders or ())
        self.rulings = (*rulings, *[ACCEPT] * (count - len(rulings))) if rulings else ()
        self.unlawful: tuple[str, ...] = ()
        self._given: Ints | None = None
        if orders is not None:
            self._given = indices(scenario, actor, [order.move for order in orders])
        changed_to = [r.move if r.verdict == "modify" else None for r in self.rulings]
        self._instead = indices(scenario, actor, changed_to) if self.rulings else None

    def __call__(self, situation: Situation) -> Ints:
        self.kept = _Kept.of(situation)
        if self._given is None:
            chosen = by_rules(self.kept)
            self.orders = tuple(
                Order(move=None if m < 0 else self.moves[m], by="rule") for m in chosen[:, 0]
            )
        else:
            chosen = self._given[:, None]
            legal = self.kept.weigh().legal[:, 0]
            self.unlawful = tuple(
                order.move
                for m, order in zip(self._given, self.orders, strict=True)
                if order.move is not None and order.by != "umpire" and not legal[m]
            )
        if self._instead is not None:
            chosen = np.where(self._instead[:, None] >= 0, self._instead[:, None], chosen)
        return chosen


def _check_actors(scenario: Scenario, plan: Plan) -> None:
    for actor in (*plan.orders, *plan.rulings):
        if actor not in scenario.header.actors:
            indices(scenario, actor, ())


def _verdicts(rulings: Sequence[Ruling]) -> Ints:
    return np.array([[VERDICTS[ruling.verdict]] for ruling in rulings], dtype=np.int64)


def _digest(cells: npt.NDArray[Any]) -> str:
    """SHA-256 of the first run's cells, derived ones included, as little-endian 64-bit numbers."""
    return sha256(cells[:, 0].astype("<i8").tobytes()).hexdigest()


def books(scenario: Scenario, injects: Sequence[Mapping[str, Any]]) -> list[EffectBook]:
    """What is thrown in, compiled. Raises SpecError."""
    return [compile_inject(scenario, read_inject(inject)) for inject in injects]


def state(world: World) -> dict[str, int]:
    """Every cell of state of a world of one run, by name."""
    names = sorted(world.names, key=world.names.__getitem__)[: world.state_rows]
    return dict(zip(names, map(int, world.cells[: world.state_rows, 0]), strict=True))


def changed(before: World, after: World) -> dict[str, int]:
    """The cells of state that differ between two worlds of one run, with their later values."""
    was = state(before)
    return {name: value for name, value in state(after).items() if was[name] != value}


# ------------------------------------------------------------------------------ a replay


@dataclass(frozen=True)
class Replay:
    """A run that can be stepped through, and what its log says of it.

    turns: who ordered what and why, one event a turn, without what was undone. rest: the events
    of other kinds that count. playthrough: the worlds and records. verdict: whether they are what
    the log says.
    """

    name: str
    log: Log
    header: Header
    turns: tuple[TurnEvent, ...]
    rest: tuple[Event, ...]
    playthrough: Playthrough
    verdict: Verdict

    @property
    def scenario(self) -> Scenario:
        """The scenario, with all its chances, whether or not nature was drawn in this run."""
        return self.playthrough.scenario

    @property
    def over(self) -> bool:
        """Whether the run has come to its end, rather than to the end of what is told."""
        return self.playthrough.ending is not None

    def world(self, turn: int) -> World:
        """The world after so many turns. Raises ReplayError if the run is not that long."""
        if not 0 <= turn <= self.playthrough.turns:
            raise ReplayError(
                f"{self.name} has turns 0 to {self.playthrough.turns}, there is no turn {turn}"
            )
        return self.playthrough.worlds[turn]

    def event(self, turn: int) -> TurnEvent:
        """Who ordered what in a turn. Raises ReplayError if the run is not that long."""
        if turn < 1:
            raise ReplayError(f"{self.name}: nothing is ordered before turn 1")
        self.world(turn)
        return self.turns[turn - 1]


def replay_log(log: Log, name: str, scenario: Scenario | None = None) -> Replay:
    """Play a log anew, and say whether the same came of it.

    scenario: compiled before, if it is at hand. Raises ReplayError if the log's records have not
    their shape or its scenario cannot be read.
    """
    folded = fold(log, name)
    scenario = scenario or _scenario_of(folded.header, name)
    header = folded.header
    luck = Luck(header.seed, [header.run])
    world = begin(scenario, luck)
    stage = stages(scenario, header)
    found = opening_difference(header, scenario, state(world), world.digest())
    if found:
        world = _recorded_world(scenario, name, world, 0, header.opening, None)
    worlds, records = [world], []
    for event in folded.turns:
        if found is None:
            try:
                played = play_turn(stage(event.turn), world, luck, again(event))
            except (OrderError, SpecError) as error:
                found = Difference(event.turn, "decide", "orders", "as logged", str(error))
            else:
                found = difference(scenario, event, played.event, played.unlawful)
        if found is None:
            world, record = played.world, played.record
        else:
            world = _recorded_world(scenario, name, world, event.turn, event.changed, event.ending)
            record = _recorded_turn(scenario, world, event)
        worlds.append(world)
        records.append(record)
    verdict = Verdict(
        name=name,
        turns=len(folded.turns),
        difference=found,
        logged_by=header.engine,
        engine=__version__,
        torn=log.torn,
        most=_most(scenario, header, worlds[-1], folded.rest),
    )
    playthrough = Playthrough(scenario, header.seed, header.run, tuple(worlds), tuple(records))
    return Replay(name, log, header, folded.turns, folded.rest, playthrough, verdict)


def _most(scenario: Scenario, header: Header, last: World, rest: Sequence[Event]) -> int | None:
    """The turn up to which a run that its log breaks off may go on; None if nothing is missing."""
    until = scenario.horizon if header.until is None else header.until
    # A game may be ended before its run: by its facilitator.
    closed = any(event.kind == "phase" and event.data.get("to") == "ended" for event in rest)
    return None if closed or last.turn >= until or not last.running.all() else until


def open_replay(path: StrPath) -> Replay:
    """Read a log and play it anew. Raises ReplayError, naming what is wrong and where."""
    return replay_log(read_log(path), str(path))


def verify(path: StrPath) -> Verdict:
    """Whether re-simulating a log gives what it says, turn by turn; raises ReplayError if the
    log itself is damaged."""
    return open_replay(path).verdict


def again(event: TurnEvent) -> Plan:
    """A turn as its log has it: rule seats decide again, all others do as they did."""
    return Plan(laid_down(event), event.rulings, event.injects, event.left_out)


def laid_down(event: TurnEvent) -> dict[str, tuple[Order, ...]]:
    """The orders, by actor, of everybody who did not leave them all to the rules."""
    return {
        actor: orders
        for actor, orders in event.orders.items()
        if any(order.by != "rule" for order in orders)
    }


def _scenario_of(header: Header, name: str) -> Scenario:
    try:
        return compiled(header.inputs)
    except SpecError as error:
        raise ReplayError(
            f"{name}: its scenario (engine {header.engine}) cannot be read by this engine "
            f"({__version__}): {error.faults[0] if error.faults else error}"
        ) from None


def on_stage(scenario: Scenario, nature: str) -> Scenario:
    """The scenario as it is played; where nature stands still, no chance event can happen.

    The events keep their place and what they ask about, so worlds are laid out alike.
    """
    if nature != "still":
        return scenario
    chance = tuple(
        event.model_copy(update={"chance": Expr(f"0 * ({event.chance})", event.chance.at)})
        for event in scenario.spec.scenario.chance
    )
    from wargame.compiler import compile_scenario  # late: what is usual needs no compiler

    file = scenario.spec.scenario.model_copy(update={"chance": chance})
    return compile_scenario(replace(scenario.spec, scenario=file))


def stages(scenario: Scenario, header: Header) -> Callable[[int], Scenario]:
    """The scenario as a run of this header plays it, by turn; see `on_stage`."""
    still, last = on_stage(scenario, header.nature), header.still_until
    return lambda turn: still if last is None or turn <= last else scenario


def _recorded_world(
    scenario: Scenario,
    name: str,
    before: World,
    turn: int,
    cells: Mapping[str, int],
    ending: str | None,
) -> World:
    """The world after a turn, put together from what the log recorded."""
    table = before.cells.copy()
    for cell, value in cells.items():
        row = scenario.rows.get(cell)
        if row is None or row >= scenario.state_rows:
            continue
        if not scenario.low[row] <= value <= scenario.high[row]:
            raise ReplayError(f"{name}, turn {turn}: {cell} cannot be {value}")
        table[row] = value
    if ending is not None and ending not in scenario.header.endings:
        raise ReplayError(f"{name}, turn {turn}: there is no ending {ending!r}")
    reached = RUNNING if ending is None else scenario.header.endings.index(ending)
    return replace(
        before,
        cells=derive(scenario, table, turn),
        turn=turn,
        ending=np.array([reached], dtype=np.int64),
        ended=np.array([0 if ending is None else turn], dtype=np.int64),
    )


def _recorded_turn(scenario: Scenario, world: World, event: TurnEvent) -> TurnRecord:
    """The record of a turn as the log has it, without what the actors weighed."""
    orders, success = {}, {}
    due = scenario.spec.scenario.turn.orders
    for actor, moves in scenario.header.moves.items():
        made = [m for m in event.moves(actor) if m is None or m in moves][:due]
        made += [None] * (due - len(made))
        done = [*event.success.get(actor, ())[:due]]
        orders[actor] = indices(scenario, actor, made)[:, None]
        success[actor] = np.array([[flag] for flag in [*done, *[False] * (due - len(done))]])
    happenings = scenario.header.happenings
    return TurnRecord(
        turn=event.turn,
        orders=orders,
        success=success,
        happened=np.array([[name in event.news] for name in happenings], dtype=bool).reshape(
            len(happenings), 1
        ),
        stage=scenario.dyads(world.cells, "stage").astype(np.int64),
        heat=scenario.dyads(world.cells, "heat").astype(np.int64),
        ending=world.ending,
        reached=scenario.reached(world.cells).astype(np.int64),
    )


# ------------------------------------------------------------------------------ recording

Look = Callable[[Sequence[Mapping[str, Any]]], Desk]
"""Opens the desk of the coming turn, after these injects have been thrown in."""

Script = Callable[[int, Look], Plan]
"""Lays down a turn, given its number and a way to see what may be ordered in it."""


def header_for(scenario: Scenario, seed: int | None = None, run: int = 0, **more: Any) -> Header:
    """The header of a new log; `more` are further fields of `Header`."""
    seed = scenario.header.seed if seed is None else seed
    world = begin(scenario, Luck(seed, [run]))
    spec = scenario.spec
    return Header(
        scenario=scenario.header.scenario,
        inputs=spec.inputs,
        digest=spec.digest,
        overlays=spec.overlay_names,
        overlay_digest=spec.overlay_digest,
        seed=seed,
        run=run,
        engine=__version__,
        opening=state(world),
        opening_digest=world.digest(),
        **more,
    )


def record(
    scenario: Scenario,
    header: Header,
    script: Script | None = None,
    path: StrPath | None = None,
    name: str = "",
) -> Replay:
    """Play the run of a header, as the script says or by everybody's rules, and write its log.

    path: the log's file, which must not exist yet; nothing is written if the run cannot be
    played. Without it the log is in memory only, and `name` is what it is called.
    Raises OrderError or SpecError for what the script lays down, StoreError for the file.
    """
    luck = Luck(header.seed, [header.run])
    stage = stages(scenario, header)
    worlds, played = [begin(scenario, luck)], []

    def look(injects: Sequence[Mapping[str, Any]] = ()) -> Desk:
        world = worlds[-1]
        return open_desk(stage(world.turn + 1), world, luck, books(scenario, injects))

    for turn in _turns_left(scenario, header, worlds):
        done = play_turn(stage(turn), worlds[-1], luck, script(turn, look) if script else None)
        worlds.append(done.world)
        played.append(done)
    events = tuple(Event(i, TURN, p.event.to_data()) for i, p in enumerate(played, start=1))
    log = Log(header.to_data(), events)
    name = name or (str(path) if path is not None else header.scenario)
    if path is not None:
        with LogWriter.create(path, log.header) as writer:
            for event in events:
                writer.append(event.kind, event.data)
    return Replay(
        name=name,
        log=log,
        header=header,
        turns=tuple(p.event for p in played),
        rest=(),
        playthrough=Playthrough(
            scenario, header.seed, header.run, tuple(worlds), tuple(p.record for p in played)
        ),
        verdict=Verdict(name, len(played), None, header.engine, __version__, None),
    )


def _turns_left(scenario: Scenario, header: Header, worlds: list[World]) -> Iterator[int]:
    """The numbers of the turns to play, for as long as the last of `worlds` goes on."""
    last = scenario.horizon if header.until is None else min(header.until, scenario.horizon)
    while worlds[-1].turn < last and worlds[-1].running.all():
        yield worlds[-1].turn + 1


def record_run(
    scenario: Scenario | str,
    path: StrPath | None = None,
    seed: int | None = None,
    run: int = 0,
    script: Script | None = None,
) -> Playthrough:
    """Play one run and write its log to `path`; see `record`. `script` orders what it likes."""
    whole = opened(scenario) if isinstance(scenario, str) else scenario
    return record(whole, header_for(whole, seed, run), script, path).playthrough
