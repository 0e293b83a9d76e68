"""What if? One turn is played otherwise, and the run goes on from there.

A fork keeps the luck of its parent: whatever follows differently, follows from what was changed.
That says what exactly would have differed in this one run; `fan_out` says what usually follows,
in many futures with fresh luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from wargame.backends.simulate import finish
from wargame.engine.randomness import Luck
from wargame.engine.record import Outcomes
from wargame.engine.scenario import Scenario
from wargame.engine.world import World
from wargame.errors import OrderError, ReplayError
from wargame.replay.orders import Order, Ruling, check_actor
from wargame.replay.replay import Look, Plan, Replay, StrPath, again, header_for, laid_down, record
from wargame.replay.turn_log import LeftOut, Parent, TurnEvent

Pair = tuple[Any, Any]  # in the parent, in the fork


@dataclass(frozen=True)
class Apart:
    """How one turn of a fork differs from its parent's: pairs (parent, fork), where unequal.

    orders: by actor, the moves that were made. stages: by dyad, after the turn. gauges: by name.
    ending: names, None while a run goes on. A turn that only one of them has is not listed.
    """

    turn: int
    news: Pair
    orders: Mapping[str, Pair]
    stages: Mapping[str, Pair]
    gauges: Mapping[str, Pair]
    ending: Pair


@dataclass(frozen=True)
class Fork:
    """A run that parts from its parent in turn `turn`; `replay` is the whole of it."""

    parent: Replay
    turn: int
    replay: Replay

    @cached_property
    def apart(self) -> tuple[Apart, ...]:
        """Every turn from the fork on that differs, as far as both runs go."""
        last = min(self.parent.playthrough.turns, self.replay.playthrough.turns)
        found = (_apart(self.parent, self.replay, turn) for turn in range(self.turn, last + 1))
        return tuple(apart for apart in found if apart is not None)

    @property
    def left_out(self) -> tuple[tuple[int, LeftOut], ...]:
        """Orders of the parent's log that could not be given again, by turn."""
        known = [set(event.left_out) for event in self.parent.turns]
        known += [set()] * (len(self.replay.turns) - len(known))
        later = self.replay.turns[self.turn - 1 :]
        return tuple(
            (event.turn, left)
            for event in later
            for left in event.left_out
            if left not in known[event.turn - 1]
        )

    def worlds(self) -> tuple[World, World]:
        """The worlds after the forked turn: the parent's, and the fork's.

        Raises ReplayError if the parent was never played as far as that.
        """
        return self.parent.world(self.turn), self.replay.world(self.turn)


def fork(
    replay: Replay,
    turn: int,
    orders: Mapping[str, Sequence[str]] | None = None,
    injects: Sequence[Mapping[str, Any]] = (),
    rulings: Mapping[str, Sequence[Ruling]] | None = None,
    path: StrPath | None = None,
) -> Fork:
    """Play turn `turn` again with other orders, rulings or further injects, and what follows.

    orders: moves by actor; where fewer are given than the turn allows, the rest stay as they
    were. Rule seats decide anew by their rules, under the same luck; what people, scripts and the
    umpire laid down in later turns is laid down again, and what may no longer be ordered is left
    out and told. The fork ends where the run ends, or where the telling of its parent did.
    path: where the new log is written, which names its parent.

    Raises ReplayError if the parent is view-only or has no such turn, OrderError for orders that
    may not be given, SpecError for faulty injects, StoreError if the log cannot be written.
    """
    orders, rulings = orders or {}, rulings or {}
    if not replay.verdict.identical:
        why = replay.verdict.words()
        raise ReplayError(f"{replay.name} can be looked at but not forked: {why}")
    last = replay.playthrough.turns + (not replay.over)
    if not 1 <= turn <= last:
        raise ReplayError(f"{replay.name}: turns 1 to {last} can be forked, not {turn}")
    if not (orders or injects or rulings):
        raise OrderError("nothing differs: give an order, an inject or a ruling")
    before = replay.world(turn - 1)
    for actor in (*orders, *rulings):
        check_actor(replay.scenario, actor)

    def script(number: int, look: Look) -> Plan:
        event = replay.turns[number - 1] if number <= len(replay.turns) else None
        if number < turn:
            assert event is not None
            return again(event)
        if number > turn:
            return _still_possible(event, look) if event else Plan()
        return _changed(replay, event, orders, injects, rulings, look)

    parent = replay.header
    told = None if replay.over else max(replay.playthrough.turns, turn)
    header = header_for(
        replay.scenario,
        parent.seed,
        parent.run,
        nature=parent.nature,
        still_until=parent.still_until,
        seats=parent.seats,
        history=parent.history,
        title=parent.title,
        about=parent.about,
        until=told,
        parent=Parent(log=Path(replay.name).name, turn=turn, digest=before.digest()),
    )
    name = str(path) if path is not None else f"{replay.name}, forked in turn {turn}"
    return Fork(replay, turn, record(replay.scenario, header, script, path, name))


def fan_out(
    world: World, scenario: Scenario, n: int, stream: str, seed: int | None = None
) -> Outcomes:
    """How `n` futures of a world of one run end. Their luck is named by `stream` and fresh.

    Futures are numbered from 0; future k of two worlds meets the same luck, so they are pairs.
    """
    runs = np.arange(n)
    luck = Luck(scenario.header.seed if seed is None else seed, runs, stream)
    return finish(scenario, world.take(np.zeros(n, dtype=np.intp), runs), luck)


def _changed(
    replay: Replay,
    event: TurnEvent | None,
    orders: Mapping[str, Sequence[str]],
    injects: Sequence[Mapping[str, Any]],
    rulings: Mapping[str, Sequence[Ruling]],
    look: Look,
) -> Plan:
    """The turn that is played otherwise."""
    thrown = (*(event.injects if event else ()), *injects)
    desk = look(thrown)
    laid = laid_down(event) if event else {}
    for actor, moves in orders.items():
        given = tuple(Order(move=move, by="seat") for move in moves)
        was = event.orders[actor] if event else desk.waiting(actor, desk.most, "seat")
        kept = tuple(order.model_copy(update={"by": "log"}) for order in was[len(given) :])
        desk.verify(actor, [order.move for order in (*given, *kept) if order.move])
        laid[actor] = (*given, *kept)
    ruled = {} if event is None else {a: r for a, r in event.rulings.items() if a not in orders}
    left_out = [left for left in (event.left_out if event else ()) if left.actor not in orders]
    return Plan(laid, {**ruled, **rulings}, thrown, left_out)


def _still_possible(event: TurnEvent, look: Look) -> Plan:
    """A later turn, as far as it can still be laid down."""
    laid = laid_down(event)
    if not laid:
        return again(event)
    desk = look(event.injects)
    orders: dict[str, tuple[Order, ...]] = {}
    left_out = list(event.left_out)
    for actor, given in laid.items():
        kept: list[Order] = []
        for order in given:
            why = desk.why_not(actor, order.move) if order.move and order.by != "umpire" else ""
            if why:
                left_out.append(LeftOut(actor=actor, order=order, why=why))
                kept += desk.waiting(actor, 1, "log")
            else:
                kept.append(order)
        orders[actor] = tuple(kept)
    return Plan(orders, event.rulings, event.injects, tuple(left_out))


def _apart(parent: Replay, child: Replay, turn: int) -> Apart | None:
    scenario = parent.scenario
    one, other = parent.event(turn), child.event(turn)
    before, after = parent.world(turn), child.world(turn)
    names = (*scenario.gauge_names(), *(f"stage({dyad})" for dyad in scenario.header.dyads))
    cells = {
        name: (int(before[name][0]), int(after[name][0]))
        for name in names
        if before[name][0] != after[name][0]
    }
    found = Apart(
        turn=turn,
        news=_told(one, other),
        orders={
            actor: (one.moves(actor), other.moves(actor))
            for actor in scenario.header.actors
            if one.moves(actor) != other.moves(actor)
        },
        stages={
            name[len("stage(") : -1]: pair
            for name, pair in cells.items()
            if name.startswith("stage(")
        },
        gauges={name: pair for name, pair in cells.items() if not name.startswith("stage(")},
        ending=(one.ending, other.ending),
    )
    same = one.news == other.news and not found.orders and before.digest() == after.digest()
    return None if same else found


def _told(one: TurnEvent, other: TurnEvent) -> Pair:
    """What only the one turn's news had, and what only the other's."""
    return (
        tuple(name for name in one.news if name not in other.news),
        tuple(name for name in other.news if name not in one.news),
    )
