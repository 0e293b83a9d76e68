"""From a loaded spec to a compiled scenario, with every fault and every oddity told at once.

Three steps: parse all expressions and give every cell its row and bounds; resolve the
expressions and prove that none can leave the integer type; lower what is common (constant
effects, constant weights) to tables and the rest to generated functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from wargame import __version__, ladder
from wargame.decision import Mind, Sight
from wargame.draws import word_of
from wargame.effects import FLOAT32_EXACT, EffectBook, Slot
from wargame.errors import Fault, SpecError
from wargame.expression import (
    Block,
    Expression,
    Interval,
    Kind,
    Node,
    Number,
    compile_block,
    interval,
    parse,
)
from wargame.expression.tree import Binary, Choice, Compare, Name, Query
from wargame.layout import OF_MOVE, SEEN, Layout, Names, leverage
from wargame.record import UNRESOLVED, RunHeader
from wargame.scenario import DYAD_CELLS, EndingRule, Event, Inject, MovePlan, Scenario, Unknown
from wargame.spec import Effect, Expr, MoveSpec, Spec, UnknownSpec
from wargame.world import coefficients

HOLD = "hold"
URN = 2**31  # a draw from an urn is exact below this total
STEPS = 1000  # a wide unknown is drawn from so many equal steps
DYAD_BOUNDS = {
    "stage": (ladder.LOWEST, ladder.HIGHEST),
    "heat": (-ladder.HEAT_LIMIT, ladder.HEAT_LIMIT),
    "forced": (0, 1),
    "peak": (ladder.LOWEST, ladder.HIGHEST),
}
NOTHING = Expression(Number(0), "0")

Pairs = Sequence[tuple[Expression, Kind]]


def compile_scenario(spec: Spec) -> Scenario:
    """Compile `spec`.

    Raises SpecError with every fault of its expressions, each with its place. The scenario's
    `warnings` name rules that can never fire, moves that can never be made, and events and
    endings that can never happen.
    """
    return _Compiler(spec).scenario()


class _TooNarrow(Exception):
    """Some value may leave 32 bits."""


@dataclass(frozen=True)
class _Change:
    """One effect on the cell in `row`: "add" or "set"."""

    row: int
    op: str
    value: Expression


class _Compiler:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.file = spec.scenario
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.actors = tuple(actor.id for actor in spec.actors)
        self.moves = {
            actor: tuple(m for m, move in spec.moves.items() if actor in move.by)
            for actor in self.actors
        }
        self.dyads = {frozenset(name.split("-")): name for name in self.file.dyads}
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.graph.add_nodes_from(self.actors)
        for tie in self.file.ties:
            self.graph.add_edge(tie.from_, tie.to, leverage=tie.leverage, kind=tie.kind)
        self._parsed: dict[tuple[Expr, str, str], Expression] = {}
        self._sound: dict[tuple[Expression, Any, int], Expression] = {}
        self.layout = Layout()
        self.dtype: type[np.signedinteger[Any]] = np.int32

    # ------------------------------------------------------------- expressions

    def parse(self, expr: Expr | int | None, actor: str = "", target: str = "") -> Expression:
        """Parse; a fault is noted once, and a harmless 0 stands in for the expression."""
        if expr is None:
            return NOTHING
        if isinstance(expr, int):
            return Expression(Number(expr), str(expr))
        key = (expr, actor, target)
        if key not in self._parsed:
            self._parsed[key] = NOTHING
            try:
                found = parse(expr.text, expr.at)
                names = {k: v for k, v in (("self", actor), ("target", target)) if v}
                self._parsed[key] = found.substitute(names) if names else found
            except SpecError as error:
                self.fault(*error.faults)
        return self._parsed[key]

    def sound(self, expression: Expression, names: Names) -> Expression:
        """The expression if all its names are known; else they are noted, and it is 0."""
        key = (expression, expression.at, id(names))
        if key not in self._sound:
            self._sound[key] = expression
            try:
                interval(expression, names)
            except SpecError as error:
                self.fault(*error.faults)
                self._sound[key] = NOTHING
        return self._sound[key]

    def fault(self, *faults: Fault) -> None:
        """Note faults, each once: a move of three actors is parsed three times."""
        self.faults += [fault for fault in faults if fault not in self.faults]

    def constant(self, expression: Expression, names: Names) -> int | None:
        """The value if it is the same in every run, else None."""
        found = interval(expression, names)
        return found.low if found.constant else None

    def number(self, expr: Expr, what: str) -> int:
        """The value of an expression that must not depend on the world."""
        empty = Names(
            Layout(), {}, {}, self.graph, self.actors, {}, frozenset(), self.file.turn.horizon
        )
        expression = self.sound(self.parse(expr), empty)
        value = self.constant(expression, empty)
        if value is None:
            self.fault(Fault(f"{what} must be a whole number, the same in every run", expr.at))
        return value or 0

    def block(self, name: str, pairs: Pairs, names: Names) -> Block:
        """One generated function. Raises _TooNarrow when 32 bits may not hold every value."""
        try:
            return compile_block(name, pairs, names, self.dtype)
        except SpecError as error:
            if self.dtype is np.int32:
                raise _TooNarrow from None
            self.fault(*error.faults)
            return compile_block(name, [(NOTHING, kind) for _, kind in pairs], names, self.dtype)

    # ------------------------------------------------------------- every expression, once

    def written(self) -> Iterator[Expression]:
        """Every expression of the scenario, parsed."""
        file = self.file
        for derived in file.derived.values():
            yield self.parse(derived.value)
        for drift in file.drift.values():
            yield self.parse(drift.value)
        for condition in self.goals():
            yield self.parse(condition)
        for inject in file.injects:
            yield self.parse(inject.when)
            yield from self._effects_written((inject.effects, inject.heat))
        for event in file.chance:
            yield self.parse(event.when)
            yield self.parse(event.chance)
            yield from self._effects_written((event.effects, event.heat))
            for outcome in event.outcomes:
                yield self.parse(outcome.weight)
                yield from self._effects_written((outcome.effects, outcome.heat))
        for actor in self.spec.actors:
            for rule in actor.rules:
                yield self.parse(rule.when)
                for favour in rule.favour.values():
                    yield self.parse(favour.value)
            for m in self.moves[actor.id]:
                move = self.spec.moves[m]
                ends = (actor.id, move.target or "")
                for expr in (move.when, move.base, move.success, move.consent):
                    yield self.parse(expr, *ends)
                yield from self._effects_written((move.effects, move.failure, move.heat), *ends)

    def goals(self) -> list[Expr]:
        """The conditions of the milestones, then of the endings."""
        milestones, endings = self.file.milestones.values(), self.file.endings.values()
        return [*(item.when for item in milestones), *(item.when for item in endings)]

    def _effects_written(
        self, parts: Iterable[Mapping[str, Effect] | Mapping[str, Expr]], *ends: str
    ) -> Iterator[Expression]:
        for part in parts:
            for value in part.values():
                yield self.parse(value.value if isinstance(value, Effect) else value, *ends)

    # ------------------------------------------------------------- rows and bounds

    def lay_out(self) -> None:
        """Give every cell its row; state first, what is derived from it last."""
        file, layout = self.file, self.layout
        for name, gauge in file.gauges.items():
            start = self.number(gauge.start, f"the start of {name}")
            if not gauge.min <= start <= gauge.max:
                self.fault(
                    Fault(
                        f"{name} starts at {start}, outside {gauge.min}..{gauge.max}",
                        gauge.start.at,
                    )
                )
                start = gauge.min
            layout.add(name, gauge.min, gauge.max, start)
        for name, unknown in file.unknowns.items():
            low, high = unknown.between or (unknown.is_ or 0, unknown.is_ or 0)
            layout.add(name, low, high, low)
        for kind, (low, high) in DYAD_BOUNDS.items():
            for name, dyad in file.dyads.items():
                start = {"heat": dyad.heat, "forced": 0}.get(kind, dyad.stage)
                layout.add(f"{kind}({name})", low, high, start)
        self.hashed_rows = len(layout.names)
        for actor, m, functions in self._remembered():
            if functions & {"played", "turns_since"}:
                layout.add(f"last({actor}, {m})", 0, file.turn.horizon, 0)
            if "times" in functions:
                layout.add(f"times({actor}, {m})", 0, file.turn.horizon, 0)
        for name, ending in file.endings.items():
            if ending.for_ > 1:
                layout.add(f"held({name})", 0, file.turn.horizon, 0)
        for name in file.milestones:
            layout.add(f"reached({name})", 0, file.turn.horizon, 0)
        self.state_rows = len(layout.names)
        gauges = dict.fromkeys((*file.gauges, *file.unknowns, *file.derived))
        absent = frozenset(self.spec.absent)
        self.names = Names(
            layout,
            gauges,
            self.dyads,
            self.graph,
            self.actors,
            self.moves,
            absent,
            file.turn.horizon,
        )

    def _remembered(self) -> list[tuple[str, str, set[str]]]:
        """(actor, move, what is asked of it) of the moves whose past matters, in file order."""
        asked: dict[tuple[str, ...], set[str]] = {}
        for expression in self.written():
            for function, args in expression.calls():
                if function in OF_MOVE:
                    asked.setdefault(args, set()).add(function)
        for actor in self.actors:
            for m in self.moves[actor]:
                if self.spec.moves[m].cooldown:
                    asked.setdefault((actor, m), set()).add("turns_since")
        return [
            (actor, m, asked[actor, m])
            for actor in self.actors
            for m in self.moves[actor]
            if (actor, m) in asked
        ]

    def derive(self) -> list[list[str]]:
        """Derived gauges in the order they can be computed, in layers; a circle is a fault."""
        waiting = dict(self.file.derived)
        layers: list[list[str]] = []
        while waiting:
            ready = [
                name
                for name, derived in waiting.items()
                if not {n.removeprefix(SEEN) for n in self.parse(derived.value).names()}
                & set(waiting)
            ]
            if not ready:
                for name, derived in waiting.items():
                    self.fault(
                        Fault(f"{name} is derived from itself, in a circle", derived.value.at)
                    )
                ready = list(waiting)
            for name in ready:
                derived = waiting.pop(name)
                expression = self.sound(
                    self.clamped(self.parse(derived.value), derived.min, derived.max), self.names
                )
                low, high = interval(expression, self.names)
                self.layout.add(name, low, high, low)
            layers.append(ready)
        return layers

    @staticmethod
    def clamped(expression: Expression, low: int | None, high: int | None) -> Expression:
        """The expression kept within bounds, where bounds are given."""
        node = expression.node
        if low is not None:
            node = Choice(Compare(node, ("<",), (Number(low),)), Number(low), node)
        if high is not None:
            node = Choice(Compare(node, (">",), (Number(high),)), Number(high), node)
        return (
            expression
            if node is expression.node
            else Expression(node, expression.text, expression.at)
        )

    # ------------------------------------------------------------- effects

    def changes(
        self,
        effects: Mapping[str, Effect],
        heat: Mapping[str, Expr],
        actor: str = "",
        target: str = "",
    ) -> list[_Change]:
        """Effects on gauges and heat on dyads, as changes of cells."""
        found = []
        for name, effect in effects.items():
            row = self.layout.rows.get(self._with_ends(name, actor, target))
            if row is not None and row < self.state_rows:
                found.append(_Change(row, effect.op, self.parse(effect.value, actor, target)))
        for key, amount in heat.items():
            dyad = self._dyad(key, actor, target)
            if dyad is not None:
                row = self.layout.rows[f"heat({dyad})"]
                found.append(_Change(row, "add", self.parse(amount, actor, target)))
        return found

    def _with_ends(self, name: str, actor: str, target: str) -> str:
        first, dot, rest = name.partition(".")
        return f"{ {'self': actor, 'target': target}.get(first, first) }{dot}{rest}"

    def _dyad(self, key: str, actor: str, target: str) -> str | None:
        ends = (self._with_ends(part, actor, target) for part in key.split("-"))
        return self.dyads.get(frozenset(ends))

    def intervene(self, move: MoveSpec, actor: str) -> list[_Change]:
        """An intervention lowered to ordinary changes (see `ladder` for Glasl's windows).

        Inside the window heat counts in full, too soft not at all, too hard reversed at half
        strength; scaled by the actor's largest leverage on the parties and by their consent.
        The gauges change only inside the window of the first dyad.
        """
        target = move.target or ""
        low, high = ladder.WINDOWS[move.intervention or ""]
        step = Number(1 if move.intervention == ladder.FORCED else -1)
        consent = self.parse(move.consent, actor, target).node
        found: list[_Change] = []
        first: Node | None = None
        for key, amount in move.heat.items():
            dyad = self._dyad(key, actor, target)
            if dyad is None:
                continue
            parties = tuple(dyad.split("-"))
            stage = Query("stage", parties)
            inside = Compare(Number(low), ("<=", "<="), (stage, Number(high)))
            first = first or inside
            too_hard = Compare(stage, ("<",), (Number(low),))
            halves = Choice(inside, Number(2), Choice(too_hard, Number(-1), Number(0)))
            lever = max(leverage(self.graph, actor, party) for party in parties if party != actor)
            node: Node = Binary("*", self.parse(amount, actor, target).node, halves)
            for factor, divisor in ((Number(lever), 2000), (consent, 1000)):
                node = Binary("//", Binary("*", node, factor), Number(divisor))
            found.append(self._change(f"heat({dyad})", "add", node, amount))
            forced = Choice(inside, step, Number(0))
            found.append(self._change(f"forced({dyad})", "add", forced, amount))
        for change in self.changes(move.effects, {}, actor, target):
            if first is None:
                found.append(change)
                continue
            name = self.layout.names[change.row]
            otherwise = Number(0) if change.op == "add" else Name(name)
            value = change.value
            node = Choice(first, value.node, otherwise)
            found.append(_Change(change.row, change.op, Expression(node, value.text, value.at)))
        return found

    def _change(self, cell: str, op: str, node: Node, written: Expr) -> _Change:
        return _Change(self.layout.rows[cell], op, Expression(node, written.text, written.at))

    def slot(self, name: str, changes: list[_Change]) -> Slot:
        """Changes lowered: constants to tables, the rest to one generated function."""
        adds: list[tuple[int, int]] = []
        sets: list[tuple[int, int]] = []
        live_adds: list[tuple[int, int]] = []
        live_sets: list[tuple[int, int]] = []
        live: list[tuple[Expression, Kind]] = []
        for change in changes:
            expression = self.sound(change.value, self.names)
            value = self.constant(expression, self.names)
            if value is None:
                (live_adds if change.op == "add" else live_sets).append((change.row, len(live)))
                live.append((expression, "int"))
            elif change.op == "set":
                sets.append((change.row, value))
            elif value:
                adds.append((change.row, value))
        block = self.block(name, live, self.names) if live else None
        return Slot(name, tuple(adds), tuple(sets), tuple(live_adds), tuple(live_sets), block)

    def book(self, slots: Iterable[Slot]) -> EffectBook:
        low, high = (np.array(side, dtype=np.int64) for side in (self.layout.low, self.layout.high))
        return EffectBook(tuple(slots), low, high, self.dtype)

    def column(self, values: list[int], rows: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """Some of `values` as a column of the cells' type."""
        return np.array(values, dtype=np.int64)[rows, None].astype(self.dtype)

    # ------------------------------------------------------------- the news

    def news(self) -> tuple[list[Slot], dict[int, tuple[Inject, ...]], tuple[Event, ...], Block]:
        slots: list[Slot] = []
        injects: dict[int, tuple[Inject, ...]] = {}
        for index, inject in enumerate(self.file.injects):
            name = f"inject {inject.id or index + 1}"
            when = None
            if inject.when is not None:
                condition = self.sound(self.parse(inject.when), self.names)
                when = self.block(name, [(condition, "bool")], self.names)
            injects[inject.turn] = (*injects.get(inject.turn, ()), Inject(len(slots), when))
            slots.append(self.slot(name, self.changes(inject.effects, inject.heat)))
        results: list[tuple[Expression, Kind]] = []

        def result(expression: Expression, kind: Kind) -> int:
            results.append((expression, kind))
            return len(results) - 1

        events = []
        for event in self.file.chance:
            when_at: int | None = None
            if event.when is not None:
                condition = self.sound(self.parse(event.when), self.names)
                when_at = result(condition, "bool")
                if interval(condition, self.names) == Interval(0, 0):
                    self.warn(f"the event {event.id} can never happen: {event.when}", event.when)
            chance = self.sound(self.parse(event.chance), self.names)
            fixed = self.constant(chance, self.names)
            chance_at = result(chance, "int") if fixed is None else -1
            weights: list[tuple[int | None, int]] = []
            most = 0
            first = len(slots)
            for k, outcome in enumerate(event.outcomes):
                weight = self.sound(self.parse(outcome.weight), self.names)
                known = self.constant(weight, self.names)
                weights.append((known, -1) if known is not None else (None, result(weight, "int")))
                most += max(0, interval(weight, self.names).high)
                changes = self.changes(outcome.effects, outcome.heat)
                slots.append(self.slot(f"chance {event.id} {k + 1}", changes))
            if most >= URN:
                self.fault(
                    Fault(
                        f"the weights of {event.id} may sum to {most:.1e}", event.at, "below 2**31"
                    )
                )
            if not event.outcomes:
                slots.append(
                    self.slot(f"chance {event.id}", self.changes(event.effects, event.heat))
                )
            events.append(
                Event(
                    id=event.id,
                    label=f"chance {event.id}",
                    when=when_at,
                    chance=None if fixed is None else min(max(fixed, 0), 1000),
                    chance_at=chance_at,
                    weights=tuple(weights),
                    slots=tuple(range(first, len(slots))),
                )
            )
        return slots, injects, tuple(events), self.block("chance", results, self.names)

    # ------------------------------------------------------------- actors

    def luck(self, name: str) -> str:
        """A name for luck in which an actor is known by its place: renaming changes nothing."""
        first, dot, rest = name.partition(".")
        return f"#{self.actors.index(first)}{dot}{rest}" if first in self.actors else name

    def mind(self, index: int) -> Mind:
        """The rules of one actor, lowered to tables."""
        spec, actor = self.spec.actors[index], self.actors[index]
        moves = self.moves[actor]
        sights, widths = self.sights(actor)
        names = replace(self.names, sights={s.name: i for i, s in enumerate(sights)})
        place = {m: i for i, m in enumerate(moves)}
        results: list[tuple[Expression, Kind]] = []

        def result(expression: Expression, kind: Kind) -> int:
            results.append((expression, kind))
            return len(results) - 1

        for rule in spec.rules:
            condition = self.sound(self.parse(rule.when), names)
            result(condition, "bool")
            if interval(condition, names) == Interval(0, 0):
                self.warn(f"the rule {rule.id} of {actor} can never fire: {rule.when}", rule.when)
        adds = np.zeros((len(moves), len(spec.rules)))
        base = np.zeros((len(moves), 1))
        reach = [0] * len(moves)
        most = [0] * len(moves)
        factors = [1] * len(moves)
        live_adds, times, overs, forbids = [], [], [], []
        for r, rule in enumerate(spec.rules):
            for move, favour in rule.favour.items():
                if move not in place:
                    continue
                m = place[move]
                if favour.op == "forbid":
                    forbids.append((m, r))
                elif favour.op == "times":
                    times.append((m, r, int(str(favour.value))))
                    factors[m] *= max(1, int(str(favour.value)))
                elif favour.op == "over":
                    overs.append((m, r, int(str(favour.value))))
                else:
                    amount = self.sound(self.parse(favour.value), names)
                    fixed = self.constant(amount, names)
                    bounds = interval(amount, names)
                    reach[m] += max(abs(bounds.low), abs(bounds.high))
                    most[m] += max(0, bounds.high)
                    if fixed is None:
                        live_adds.append((m, r, result(amount, "int")))
                    else:
                        adds[m, r] = fixed
        live_base, whens, cooldowns = [], [], []
        for m, name in enumerate(moves):
            move_spec = self.spec.moves[name]
            ends = (actor, move_spec.target or "")
            amount = self.sound(self.parse(move_spec.base, *ends), names)
            fixed = self.constant(amount, names)
            bounds = interval(amount, names)
            reach[m] += max(abs(bounds.low), abs(bounds.high))
            most[m] += max(0, bounds.high)
            if fixed is None:
                live_base.append((m, result(amount, "int")))
            else:
                base[m] = fixed
            if move_spec.when is not None:
                condition = self.sound(self.parse(move_spec.when, *ends), names)
                whens.append((m, result(condition, "bool")))
                if interval(condition, names) == Interval(0, 0):
                    self.warn(
                        f"{actor} can never make the move {name}: {move_spec.when}", move_spec.when
                    )
            if move_spec.cooldown:
                cooldowns.append(
                    (m, self.layout.rows[f"last({actor}, {name})"], move_spec.cooldown)
                )
        widest_weight = [w * f for w, f in zip(most, factors, strict=True)]
        total = max([sum(widest_weight), *reach], default=0)
        if total >= URN:
            self.fault(
                Fault(f"the weights of {actor} may reach {total:.1e}", spec.at, "stay below 2**31")
            )
        kind = np.float32 if total < FLOAT32_EXACT else np.float64
        luck = self.luck(actor)
        orders = range(self.file.turn.orders)
        low, high = ([side[s.row] for s in sights] for side in (self.layout.low, self.layout.high))
        return Mind(
            actor=actor,
            moves=moves,
            rules=tuple(rule.id for rule in spec.rules),
            hold=place.get(HOLD, -2),
            labels=tuple(f"{luck} choice {k + 1}" for k in orders),
            sights=tuple(sights),
            widths=self.block(f"{actor} sees", widths, self.names) if widths else None,
            low=np.array(low, dtype=np.int64),
            high=np.array(high, dtype=np.int64),
            block=self.block(f"{actor} rules", results, names),
            base=base.astype(kind),
            adds=adds.astype(kind),
            live_base=tuple(live_base),
            live_adds=tuple(live_adds),
            times=tuple(times),
            overs=tuple(overs),
            forbids=tuple(forbids),
            whens=tuple(whens),
            cooldowns=tuple(cooldowns),
        )

    def sights(self, actor: str) -> tuple[list[Sight], list[tuple[Expression, Kind]]]:
        """What the actor sees through noise; its own gauges it sees exactly."""
        sights: list[Sight] = []
        widths: list[tuple[Expression, Kind]] = []
        for name, gauge in self.file.gauges.items():
            noise = gauge.noise.get(actor, gauge.noise.get("*"))
            if noise is None or name.partition(".")[0] == actor:
                continue
            width = self.sound(self.parse(noise), self.names)
            fixed = self.constant(width, self.names)
            if fixed is None:
                widths.append((width, "int"))
            label = f"{self.luck(actor)} sees {self.luck(name)}"
            sights.append(Sight(name, self.layout.rows[name], fixed, label))
        return sights, widths

    def plan(self, index: int, slots: list[Slot]) -> MovePlan:
        """How an actor's moves are resolved; their effects are appended to `slots`."""
        actor = self.actors[index]
        success, live, places = [], [], []
        results: list[tuple[Expression, Kind]] = []
        for m, name in enumerate(self.moves[actor]):
            move = self.spec.moves[name]
            ends = (actor, move.target or "")
            odds = self.sound(self.parse(move.success, *ends), self.names)
            fixed = self.constant(odds, self.names)
            if fixed is None:
                live.append((m, len(results)))
                results.append((odds, "int"))
            success.append(0 if fixed is None else fixed)
            changes = (
                self.intervene(move, actor)
                if move.intervention
                else self.changes(move.effects, move.heat, *ends)
            )
            won, lost = len(slots), None
            slots.append(self.slot(f"{actor} {name}", changes))
            failure = self.changes(move.failure, {}, *ends)
            if failure:
                lost = len(slots)
                slots.append(self.slot(f"{actor} {name} fails", failure))
            places.append((won, lost))
        luck = self.luck(actor)
        return MovePlan(
            success=np.array([*success, 1000], dtype=np.int64),
            live_success=tuple(live),
            success_block=self.block(f"{actor} success", results, self.names),
            labels=tuple(f"{luck} success {k + 1}" for k in range(self.file.turn.orders)),
            slots=tuple(places),
        )

    # ------------------------------------------------------------- all of it

    def warn(self, message: str, expr: Expr) -> None:
        self.warnings.append(Fault(message, expr.at))

    def drifts(self) -> list[tuple[int, Expression]]:
        """(row, new value) of every gauge that moves by itself."""
        return [
            (self.layout.rows[name], self.sound(self.parse(drift.value), self.names))
            for name, drift in self.file.drift.items()
            if name in self.file.gauges
        ]

    def endings(self) -> tuple[EndingRule, ...]:
        for name, ending in self.file.endings.items():
            condition = self.sound(self.parse(ending.when), self.names)
            if interval(condition, self.names) == Interval(0, 0):
                self.warn(f"the ending {name} can never be reached: {ending.when}", ending.when)
        return tuple(
            EndingRule(name, ending.for_, ending.at_horizon, self.layout.rows.get(f"held({name})"))
            for name, ending in self.file.endings.items()
        )

    def scenario(self) -> Scenario:
        """All of it, in 32-bit whole numbers where they provably suffice, else in 64."""
        list(self.written())
        self.lay_out()
        layers = self.derive()
        try:
            compiled = self.build(layers)
        except _TooNarrow:
            self.dtype = np.int64
            compiled = self.build(layers)
        if self.faults:
            raise SpecError(sorted(self.faults, key=lambda fault: (fault.at is None, fault.at)))
        return compiled

    def build(self, layers: list[list[str]]) -> Scenario:
        file, layout, names = self.file, self.layout, self.names
        self.warnings.clear()
        news, injects, events, event_block = self.news()
        minds = tuple(self.mind(index) for index in range(len(self.actors)))
        slots: list[Slot] = []
        plans = tuple(self.plan(index, slots) for index in range(len(self.actors)))
        drifts = self.drifts()
        drift_rows = np.array([row for row, _ in drifts], dtype=np.intp)
        endings = self.endings()
        rows = layout.rows
        unknowns = tuple(self.unknown(name, unknown) for name, unknown in file.unknowns.items())
        self.check_labels(minds, plans, events, unknowns)
        d = len(file.dyads)
        remembered = tuple(
            (
                actor,
                self.moves[actor].index(m),
                rows.get(f"last({actor}, {m})"),
                rows.get(f"times({actor}, {m})"),
            )
            for actor, m, _ in self._remembered()
        )
        return Scenario(
            spec=self.spec,
            header=self.header(news),
            warnings=tuple(self.warnings),
            graph=nx.freeze(self.graph),
            dtype=self.dtype,
            rows=rows,
            low=np.array(layout.low, dtype=np.int64),
            high=np.array(layout.high, dtype=np.int64),
            start=np.array(layout.start, dtype=self.dtype),
            state_rows=self.state_rows,
            hashed_rows=self.hashed_rows,
            multipliers=coefficients(self.hashed_rows + len(self.actors) * file.turn.orders),
            unknowns=unknowns,
            derived=tuple(
                (
                    tuple(rows[name] for name in layer),
                    self.block(
                        f"derived {depth}", [(self._derived(name), "int") for name in layer], names
                    ),
                )
                for depth, layer in enumerate(layers)
            ),
            news=self.book(news),
            injects=injects,
            events=events,
            event_block=event_block,
            minds=minds,
            moves=self.book(slots),
            plans=plans,
            remembered=remembered,
            dyad_count=d,
            dyad_rows={
                kind: rows[f"{kind}({next(iter(file.dyads))})"] if d else 0 for kind in DYAD_CELLS
            },
            drift_rows=drift_rows,
            drift_bounds=(
                self.column(layout.low, drift_rows),
                self.column(layout.high, drift_rows),
            ),
            drift_block=self.block("drift", [(value, "int") for _, value in drifts], names),
            judge_block=self.block(
                "judge",
                [(self.sound(self.parse(goal), names), "bool") for goal in self.goals()],
                names,
            ),
            reached_row=rows[f"reached({next(iter(file.milestones))})"] if file.milestones else 0,
            milestones=tuple(file.milestones),
            endings=endings,
        )

    def _derived(self, name: str) -> Expression:
        derived = self.file.derived[name]
        return self.sound(
            self.clamped(self.parse(derived.value), derived.min, derived.max), self.names
        )

    def unknown(self, name: str, spec: UnknownSpec) -> Unknown:
        """The urn of an unknown: triangular with its peak at `likely`, or flat, or one value."""
        low, high = spec.between or (spec.is_ or 0, spec.is_ or 0)
        steps = min(high - low, STEPS)
        values = np.array([low + (high - low) * i // max(steps, 1) for i in range(steps + 1)])
        if spec.likely is None:
            weights = np.ones(steps + 1, dtype=np.int64)
        else:
            i = np.arange(steps + 1)
            peak = int(np.searchsorted(values, spec.likely))
            weights = np.where(
                i <= peak, (i + 1) * (steps - peak + 1), (steps - i + 1) * (peak + 1)
            )
        return Unknown(
            name,
            self.layout.rows[name],
            f"unknown {self.luck(name)}",
            values.astype(np.int64),
            np.cumsum(weights),
        )

    def check_labels(
        self,
        minds: Iterable[Mind],
        plans: Iterable[MovePlan],
        events: Iterable[Event],
        unknowns: Iterable[Unknown],
    ) -> None:
        """No two labels of luck may stand for the same word: they would draw alike."""
        labels = [
            label for mind in minds for label in (*mind.labels, *(s.label for s in mind.sights))
        ]
        labels += [label for plan in plans for label in plan.labels]
        labels += [event.label for event in events] + [unknown.label for unknown in unknowns]
        owners: dict[int, str] = {}
        for label in labels:
            other = owners.setdefault(word_of(label), label)
            if other != label:
                self.fault(
                    Fault(f"the luck of {label!r} and of {other!r} coincide", None, "rename one")
                )

    def header(self, news: Iterable[Slot]) -> RunHeader:
        file, spec = self.file, self.spec
        return RunHeader(
            scenario=file.id,
            digest=spec.digest,
            overlays=spec.overlay_names,
            overlay_digest=spec.overlay_digest,
            seed=file.seed,
            engine=__version__,
            start=str(file.turn.start or ""),
            turn_length=str(file.turn.length),
            horizon=file.turn.horizon,
            actors=self.actors,
            moves=self.moves,
            dyads=tuple(file.dyads),
            happenings=tuple(slot.name for slot in news),
            milestones=tuple(file.milestones),
            endings=(*file.endings, UNRESOLVED),
            unknowns=tuple(file.unknowns),
        )
