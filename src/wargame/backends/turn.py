"""A turn, written once, as a list of phases that one reads top to bottom.

    news, perceive, decide, resolve, escalate, drift, judge, record

World and orders in, world and record out; nothing else is read and nothing is changed in place.
The engine knows neither clock nor text, and never asks Python's `if` about the state of a run:
what holds in some runs and not in others is an array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.backends import native
from wargame.backends.levels import machine
from wargame.backends.lowering import program_of
from wargame.engine import ladder
from wargame.engine.decision import NO_MOVE, Mind, Weighing, choose, perceive, weigh
from wargame.engine.effects import EffectBook
from wargame.engine.randomness import Luck, Words, below, below_again
from wargame.engine.record import TurnRecord
from wargame.engine.scenario import Event, Scenario
from wargame.engine.world import RUNNING, World, roll
from wargame.expression import tabulate

Cells = npt.NDArray[np.signedinteger[Any]]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

CERTAIN = 1000  # per mille
NOWHERE = -1  # in a table of places
NOTHING = -1  # the last row of a table of happenings, which stands for no slot
SKIPPED, DRAWN, FAILED, SUCCEEDED = -2, -1, 0, 1  # an umpire's verdicts on an order


@dataclass(frozen=True)
class Situation:
    """What an actor decides on: the opening world as it sees it, and its own rules.

    seen: the gauges that its rules look at through noise, `mind.read`.
    """

    mind: Mind
    cells: Cells
    seen: Cells
    turn: int
    luck: Luck

    def weigh(self) -> Weighing:
        """What the actor's rules say of each of its moves."""
        return weigh(self.mind, self.cells, self.seen, self.turn)

    def sees(self) -> dict[str, Cells]:
        """Every gauge that the actor sees through noise, as it sees it, n each."""
        unread = self.mind.unread
        rest = perceive(unread, self.cells, self.turn, self.luck)
        return {
            **dict(zip(self.mind.read.names, self.seen, strict=True)),
            **dict(zip(unread.names, rest, strict=True)),
        }


Decider = Callable[[Situation], Ints]  # orders x n: the index of a move of the mind, or -1


def by_rules(situation: Situation) -> Ints:
    """The decider of a rule seat: weigh, then draw."""
    return choose(situation.mind, situation.weigh().weights, situation.luck, situation.turn)


def begin(scenario: Scenario, luck: Luck) -> World:
    """The world before the first turn, with this set of runs' unknowns drawn."""
    n = luck.runs.size
    if machine().loaded:
        cells = native.begin(program_of(scenario), luck.key, luck.runs)
    else:
        cells = np.repeat(scenario.start[:, None], n, axis=1)
        for unknown in scenario.unknowns:
            cells[unknown.row] = unknown.values[
                np.searchsorted(
                    unknown.edges,
                    below(luck.words(unknown.label, 0), unknown.edges[-1]),
                    side="right",
                )
            ]
        derive(scenario, cells, 0)
    return World(
        names=scenario.rows,
        state_rows=scenario.state_rows,
        cells=cells,
        runs=luck.runs,
        turn=0,
        ending=np.full(n, RUNNING, dtype=np.int64),
        ended=np.zeros(n, dtype=np.int64),
        trail=np.zeros(n, dtype=np.uint64),
    )


def play(
    scenario: Scenario,
    world: World,
    luck: Luck,
    deciders: Mapping[str, Decider] | None = None,
    verdicts: Mapping[str, Ints] | None = None,
    thrown: Sequence[EffectBook] = (),
    undone: Flags | None = None,
    detail: bool = False,
) -> tuple[World, TurnRecord]:
    """One turn of every run in `world`.

    deciders: who decides for an actor; its rules where nothing is said. verdicts: an umpire's
    rulings, {actor: K x n}. thrown: a facilitator's injects, one book each, that happen in every
    run. undone: news that do not happen after all, as `EffectBook.happening`. detail: keep what
    each actor saw and weighed. Runs that have ended stay as they are.
    """
    turn = world.turn + 1
    n = world.n
    deciders = deciders or {}
    phases = _Native if machine().loaded else _Phases
    it = phases(scenario, luck, turn, world.cells.copy())

    # 1 news
    happened = it.news(undone)
    for book in thrown:
        book.apply(it.cells, ~book.happening(n), turn)
    if thrown:
        derive(scenario, it.cells, turn)

    # 2 perceive, 3 decide: all see the same opening world
    opening = it.cells.copy() if detail else it.cells
    situations = {
        mind.actor: Situation(mind, opening, perceive(mind.read, opening, turn, luck), turn, luck)
        for mind in scenario.minds
        if detail or it.asks or mind.actor in deciders
    }
    orders = {
        actor: deciders.get(actor, by_rules)(situation)
        for actor, situation in situations.items()
        if it.asks or actor in deciders
    }

    # 4 resolve, 5 escalate, 6 drift, 7 judge
    given, success, ending, trail = it.close(orders, verdicts or {}, world.trail)
    cells = it.cells

    # 8 record
    over = world.ending != RUNNING
    frozen = over.nonzero()[0]
    if frozen.size:
        cells[:, frozen] = world.cells.take(frozen, axis=1)
        ending = np.where(over, world.ending, ending)
    following = replace(
        world,
        cells=cells,
        turn=turn,
        ending=ending,
        ended=np.where(over, world.ended, np.where(ending == RUNNING, 0, turn)),
        trail=np.where(over, world.trail, trail),
    )
    record = TurnRecord(
        turn=turn,
        orders=by_actor(scenario, given),
        success=by_actor(scenario, success),
        happened=happened,
        stage=scenario.dyads(cells, "stage").astype(np.int64),
        heat=scenario.dyads(cells, "heat").astype(np.int64),
        ending=ending,
        reached=scenario.reached(cells).astype(np.int64),
        detail={actor: (situation, situation.weigh()) for actor, situation in situations.items()}
        if detail
        else {},
    )
    return following, record


class _Phases:
    """The phases of a turn over NumPy's arrays. `cells` is the world, changed in place."""

    asks = True
    """Whether somebody has to ask the rules; else whoever closes the turn lets them draw."""

    def __init__(self, scenario: Scenario, luck: Luck, turn: int, cells: Cells) -> None:
        self.scenario, self.luck, self.turn, self.cells = scenario, luck, turn, cells

    def news(self, undone: Flags | None) -> Flags:
        """What the turn begins with: which injects and outcomes of chance happen, slots x n."""
        happened = news(self.scenario, self.cells, self.turn, self.luck)
        if undone is not None:
            happened &= ~undone
        self.scenario.news.apply(self.cells, happened, self.turn)
        derive(self.scenario, self.cells, self.turn, "news")
        return happened[:-1]

    def close(
        self, orders: dict[str, Ints], verdicts: Mapping[str, Ints], trail: Words
    ) -> tuple[Ints, Flags, Ints, Words]:
        """All that follows on orders: the orders that stand and which succeed, orders x n, the
        ending of each run, n, and the rolling hash, n."""
        scenario, cells, turn = self.scenario, self.cells, self.turn
        happens, given, success = resolve(scenario, cells, orders, verdicts, turn, self.luck)
        scenario.moves.apply(cells, happens, turn)
        remember(scenario, cells, given, turn)
        derive(scenario, cells, turn, "moves")
        escalate(scenario, cells, turn)
        drift(scenario, cells, turn)
        ending = judge(scenario, cells, turn)
        tables = (cells[: scenario.hashed_rows], given)
        return given, success, ending, roll(trail, tables, scenario.multipliers)


class _Native(_Phases):
    """The same on the native machine, where the rules of actors draw as the turn is closed."""

    asks = False

    def news(self, undone: Flags | None) -> Flags:
        if undone is not None:
            return super().news(undone)
        runs, program = self.luck.runs, program_of(self.scenario)
        happened = native.news(program, self.luck.key, runs, self.turn, self.cells)
        return happened[: len(self.scenario.news.slots)]

    def close(
        self, orders: dict[str, Ints], verdicts: Mapping[str, Ints], trail: Words
    ) -> tuple[Ints, Flags, Ints, Words]:
        scenario, luck, ledger = self.scenario, self.luck, self.scenario.ledger
        shape = (len(scenario.minds) * scenario.orders, luck.runs.size)
        places = np.full(shape, DRAWN, dtype=self.cells.dtype)
        rulings = np.full(shape, DRAWN, dtype=np.int8) if verdicts else None
        for index, mind in enumerate(scenario.minds):
            mine = slice(index * scenario.orders, (index + 1) * scenario.orders)
            if mind.actor in orders:
                given = orders[mind.actor]
                places[mine] = (
                    np.where(given == NO_MOVE, len(mind.moves), given) + ledger.first[mine]
                )
            if rulings is not None and mind.actor in verdicts:
                rulings[mine] = verdicts[mind.actor]
        trail = trail.copy()
        done, ending = native.close(
            program_of(scenario), luck.key, luck.runs, self.turn, self.cells, places, rulings, trail
        )
        given = places - ledger.first
        sizes = np.repeat([len(mind.moves) for mind in scenario.minds], scenario.orders)
        given = np.where(given == sizes[:, None], NO_MOVE, given).astype(np.int64)
        return given, done & (given != NO_MOVE), ending, trail


def by_actor(scenario: Scenario, table: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """The rows of each actor, as views."""
    k = scenario.orders
    return {mind.actor: table[i * k : i * k + k] for i, mind in enumerate(scenario.minds)}


def news(scenario: Scenario, cells: Cells, turn: int, luck: Luck) -> Flags:
    """Which injects and which outcomes of chance happen this turn, as `EffectBook.happening`."""
    happens = scenario.news.happening(cells.shape[1])
    for inject in scenario.injects.get(turn, ()):
        happens[inject.slot] = 1 if inject.when is None else inject.when(cells, None, turn)[0]
    results = scenario.event_block(cells, None, turn)
    chances = tabulate(results, len(scenario.events), cells.shape[1], np.int64)
    for index in chances.max(axis=1, initial=0).nonzero()[0].tolist():
        event = scenario.events[index]
        words = luck.words(event.label, turn)
        hit = below(words, 1000) < chances[index]
        if event.weights:
            columns = hit.nonzero()[0]
            slots = outcome_of(event, results, words, columns)
            happens[slots, columns] = True
        else:
            happens[event.slots[0]] = hit
    return happens


def outcome_of(event: Event, results: Sequence[Any], words: Words, columns: Places) -> Places:
    """The slot of the outcome that is drawn in each of the runs at `columns`, or the last row."""
    weights = np.empty((len(event.weights), columns.size), dtype=np.int64)
    for row, (constant, k) in zip(weights, event.weights, strict=True):
        value = np.asarray(results[k] if constant is None else constant)
        row[...] = value[columns] if value.ndim else value  # the same in every run
    edges = np.add.accumulate(np.maximum(weights, 0), axis=0)
    passed = edges <= below_again(words[columns], edges[-1])
    places: Places = np.array([*event.slots, NOTHING])[passed.sum(axis=0)]
    return places


def resolve(
    scenario: Scenario,
    cells: Cells,
    orders: dict[str, Ints],
    verdicts: Mapping[str, Ints],
    turn: int,
    luck: Luck,
) -> tuple[Flags, Ints, Flags]:
    """What the orders come to: what happens (as `EffectBook.happening`), the orders that an
    umpire has let stand and which of them succeed, both orders of all actors x n."""
    n = cells.shape[1]
    happens = scenario.moves.happening(n)
    if not orders:
        return happens, np.empty((0, n), dtype=np.int64), np.empty((0, n), dtype=np.bool_)
    ledger = scenario.ledger
    rulings = join_rulings(scenario, orders, verdicts)
    given = np.concatenate([orders[mind.actor] for mind in scenario.minds])
    if rulings is not None:
        given = np.where(rulings == SKIPPED, NO_MOVE, given)
    index = given + ledger.first
    odds = ledger.success[index]
    labels: list[str] = []
    for plan in scenario.plans:
        own = slice(len(labels), len(labels) + len(plan.labels))
        labels += plan.labels
        if plan.live_success:
            results = plan.success_block(cells, None, turn)
            for m, k in plan.live_success:
                np.copyto(odds[own], results[k], where=given[own] == m)
    done = np.ones(given.shape, dtype=np.bool_)
    for row in (odds.min(axis=1, initial=CERTAIN) < CERTAIN).nonzero()[0].tolist():
        np.less(below(luck.words(labels[row], turn), CERTAIN), odds[row], out=done[row])
    if rulings is not None:
        done = np.where(rulings == SUCCEEDED, True, np.where(rulings == FAILED, False, done))
    slots = np.where(done, ledger.won[index], ledger.lost[index])
    happens.reshape(-1)[slots * n + np.arange(n)] = True
    return happens, given, done & (given != NO_MOVE)


def join_rulings(
    scenario: Scenario, orders: dict[str, Ints], verdicts: Mapping[str, Ints]
) -> Ints | None:
    """The umpire's verdicts on all orders, or None where there are none at all."""
    if not verdicts:
        return None
    drawn = np.int64(DRAWN)
    return np.concatenate(
        [
            np.broadcast_to(verdicts.get(mind.actor, drawn), orders[mind.actor].shape)
            for mind in scenario.minds
        ]
    )


def remember(scenario: Scenario, cells: Cells, given: Ints, turn: int) -> None:
    """Write down who played what: the last turn, and in how many turns (in place)."""
    if not given.size:
        return
    ledger, columns = scenario.ledger, np.arange(cells.shape[1])
    flat = cells.reshape(-1)  # a view: the cells of a turn are its own copy, in one piece
    index = given + ledger.first
    last = ledger.last[index] * columns.size + columns
    flat[last[last >= 0]] = turn
    if ledger.times.max(initial=NOWHERE) > NOWHERE:
        for k in range(scenario.orders):
            mine = given[k :: scenario.orders]
            counted = ledger.times[index[k :: scenario.orders]] * columns.size + columns
            for before in range(k):
                counted = np.where(given[before :: scenario.orders] == mine, NOWHERE, counted)
            flat[counted[counted >= 0]] += 1


def escalate(scenario: Scenario, cells: Cells, turn: int) -> None:
    """Heat moves each dyad's ladder, at most one stage (in place)."""
    if not scenario.dyad_count:
        return
    stage, heat, peak = (scenario.dyads(cells, name) for name in ("stage", "heat", "peak"))
    stage[:], heat[:] = ladder.climb(stage, heat, scenario.dyads(cells, "forced"))
    np.maximum(peak, stage, out=peak)
    derive(scenario, cells, turn, "ladder")


def drift(scenario: Scenario, cells: Cells, turn: int) -> None:
    """The world's own motion: each drifting gauge takes its new value, all at once (in place)."""
    if not scenario.drift_rows.size:
        return
    values = scenario.drift_block(cells, None, turn)
    moved = tabulate(values, scenario.drift_rows.size, cells.shape[1], cells.dtype)
    low, high = scenario.drift_bounds
    np.maximum(moved, low, out=moved)
    np.minimum(moved, high, out=moved)
    cells[scenario.drift_rows] = moved
    derive(scenario, cells, turn, "drift")


def derive(scenario: Scenario, cells: Cells, turn: int, phase: str = "all") -> Cells:
    """`cells` with the derived gauges computed anew that a phase may have changed (in place)."""
    for rows, block in scenario.derived[phase]:
        for row, value in zip(rows, block(cells, None, turn), strict=True):
            cells[row] = value
    return cells


def judge(scenario: Scenario, cells: Cells, turn: int) -> Ints:
    """Milestones, then endings in their order: the ending of each run, n (milestones in place)."""
    n = cells.shape[1]
    ending = np.full(n, RUNNING, dtype=np.int64)
    goals = len(scenario.milestones) + len(scenario.endings)
    results = tabulate(scenario.judge_block(cells, None, turn), goals, n, np.bool_)
    for reached, holds in zip(scenario.reached(cells), results, strict=False):
        np.copyto(reached, turn, where=(reached == 0) & holds)
    at_horizon = turn >= scenario.horizon
    for index, rule in enumerate(scenario.endings):
        holds = results[len(scenario.milestones) + index]
        if rule.held_row is not None:
            cells[rule.held_row] = np.where(holds, cells[rule.held_row] + 1, 0)
            holds = cells[rule.held_row] >= rule.turns
        if at_horizon or not rule.at_horizon:
            ending = np.where((ending == RUNNING) & holds, index, ending)
    if at_horizon:
        ending = np.where(ending == RUNNING, len(scenario.endings), ending)
    return ending
