"""Which cell of the world holds what: rows, bounds and starts, the urns of unknowns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from wargame.compiler.context import Reading, Workshop
from wargame.content.spec import DerivedSpec, Effect, Expr, UnknownSpec
from wargame.engine import ladder
from wargame.engine.layout import OF_MOVE, SEEN, last_cell, times_cell
from wargame.engine.scenario import Layers, Unknown
from wargame.errors import Fault
from wargame.expression import Expression, Number
from wargame.expression.bounds import INT64
from wargame.expression.tree import Choice, Compare

STEPS = 1000  # a wide unknown is drawn from so many equal steps
DYAD_BOUNDS = {
    "stage": (ladder.LOWEST, ladder.HIGHEST),
    "heat": (-ladder.HEAT_LIMIT, ladder.HEAT_LIMIT),
    "forced": (0, 1),
    "peak": (ladder.LOWEST, ladder.HIGHEST),
}


@dataclass(frozen=True)
class Rows:
    """How the world is laid out, besides what `Workshop.layout` says.

    hashed: so many rows, the first ones, enter the rolling hash; state: so many are state, and
    the rest is derived. derived: layers of derived gauges with their values; each reads only the
    layers before it.
    """

    hashed: int
    state: int
    derived: tuple[tuple[tuple[str, Reading], ...], ...]


def lay_out(shop: Workshop) -> Rows:
    """Give every cell its row: state first, what is derived from it last."""
    file, layout = shop.file, shop.layout
    for name, gauge in file.gauges.items():
        start = shop.number(gauge.start, f"the start of {name}")
        if not gauge.min <= start <= gauge.max:
            message = f"{name} starts at {start}, outside {gauge.min}..{gauge.max}"
            shop.fault(Fault(message, gauge.start.at))
            start = gauge.min
        layout.add(name, gauge.min, gauge.max, start)
    for name, unknown in file.unknowns.items():
        low, high = _range(unknown)
        layout.add(name, low, high, low)
    for kind, (low, high) in DYAD_BOUNDS.items():
        for name, dyad in file.dyads.items():
            start = {"heat": dyad.heat, "forced": 0}.get(kind, dyad.stage)
            layout.add(f"{kind}({name})", low, high, start)
    hashed = len(layout.names)
    horizon = file.turn.horizon
    for (actor, m), functions in _asked(shop).items():
        if functions & {"played", "turns_since"}:
            layout.add(last_cell(actor, m), 0, horizon, 0)
        if "times" in functions:
            layout.add(times_cell(actor, m), 0, horizon, 0)
    for name, ending in file.endings.items():
        if ending.for_ > 1:
            layout.add(f"held({name})", 0, horizon, 0)
    for name in file.milestones:
        layout.add(f"reached({name})", 0, horizon, 0)
    return Rows(hashed, len(layout.names), _derived(shop))


def unknowns(shop: Workshop) -> tuple[Unknown, ...]:
    """The urns of the unknowns: triangular with its peak at `likely`, or flat, or one value."""
    return tuple(_unknown(shop, name, spec) for name, spec in shop.file.unknowns.items())


def _range(spec: UnknownSpec) -> tuple[int, int]:
    return spec.between or (spec.is_ or 0, spec.is_ or 0)


def _unknown(shop: Workshop, name: str, spec: UnknownSpec) -> Unknown:
    low, high = _range(spec)
    steps = min(high - low, STEPS)
    values = np.array([low + (high - low) * i // max(steps, 1) for i in range(steps + 1)])
    weights = np.ones(steps + 1, dtype=np.int64)
    if spec.likely is not None:
        i = np.arange(steps + 1)
        peak = int(np.searchsorted(values, spec.likely))
        weights = np.where(i <= peak, (i + 1) * (steps - peak + 1), (steps - i + 1) * (peak + 1))
    return Unknown(
        name=name,
        row=shop.layout.rows[name],
        label=f"unknown {shop.luck(name)}",
        values=values.astype(np.int64),
        edges=np.cumsum(weights),
    )


# ------------------------------------------------------------- what must be remembered


def goals(shop: Workshop) -> list[Expr]:
    """The conditions of the milestones, then of the endings."""
    milestones, endings = shop.file.milestones.values(), shop.file.endings.values()
    return [*(item.when for item in milestones), *(item.when for item in endings)]


def _asked(shop: Workshop) -> dict[tuple[str, str], set[str]]:
    """What is asked of the past of which move, (actor, move) in file order."""
    asked: dict[tuple[str, ...], set[str]] = {}
    for _, expression in written(shop):
        for function, args in expression.calls():
            if function in OF_MOVE:
                asked.setdefault(args, set()).add(function)
    pairs = [(actor, m) for actor in shop.actors for m in shop.moves[actor]]
    for actor, m in pairs:
        if shop.spec.moves[m].cooldown:
            asked.setdefault((actor, m), set()).add("turns_since")
    return {pair: asked[pair] for pair in pairs if pair in asked}


def written(shop: Workshop) -> Iterator[tuple[str, Expression]]:
    """Every expression of the scenario, parsed, with the gauge that drifts by it, "" for others."""
    for name, drift in shop.file.drift.items():
        yield name, shop.parse(drift.value)
    yield from (("", expression) for expression in _not_of_drift(shop))


def _not_of_drift(shop: Workshop) -> Iterator[Expression]:
    file, parse = shop.file, shop.parse
    for gauge in file.gauges.values():
        for width in gauge.noise.values():
            yield parse(width)
    for derived in file.derived.values():
        yield parse(derived.value)
    for condition in goals(shop):
        yield parse(condition)
    for inject in file.injects:
        yield parse(inject.when)
        yield from _amounts(shop, (inject.effects, inject.heat))
    for event in file.chance:
        yield parse(event.when)
        yield parse(event.chance)
        yield from _amounts(shop, (event.effects, event.heat))
        for outcome in event.outcomes:
            yield parse(outcome.weight)
            yield from _amounts(shop, (outcome.effects, outcome.heat))
    for actor in shop.spec.actors:
        for rule in actor.rules:
            yield parse(rule.when)
            for favour in rule.favour.values():
                yield parse(favour.value)
        for m in shop.moves[actor.id]:
            move = shop.spec.moves[m]
            ends = (actor.id, move.target or "")
            for expr in (move.when, move.base, move.success, move.consent):
                yield parse(expr, *ends)
            yield from _amounts(shop, (move.effects, move.failure, move.heat), *ends)


def _amounts(
    shop: Workshop, parts: Iterable[Mapping[str, Effect] | Mapping[str, Expr]], *ends: str
) -> Iterator[Expression]:
    for part in parts:
        for value in part.values():
            yield shop.parse(value.value if isinstance(value, Effect) else value, *ends)


# ------------------------------------------------------------- derived gauges


def _derived(shop: Workshop) -> tuple[tuple[tuple[str, Reading], ...], ...]:
    """Derived gauges in layers, in the order they can be computed; a circle is a fault."""
    waiting = dict(shop.file.derived)
    layers = []
    while waiting:
        ready = [name for name, it in waiting.items() if not _reads(shop, it) & set(waiting)]
        if not ready:
            for name, derived in waiting.items():
                message = f"{name} is derived from itself, in a circle"
                shop.fault(Fault(message, derived.value.at))
                shop.layout.add(name, 0, 0, 0)
            break
        layer = []
        for name in ready:
            reading = shop.read(_clamped(shop, waiting.pop(name)))
            # Beyond 64 bits the reading is a fault, told when it is compiled; but what is derived
            # from it must not double the digits again and again.
            low, high = (min(max(end, INT64.low), INT64.high) for end in reading.bounds)
            shop.layout.add(name, low, high, low)
            layer.append((name, reading))
        layers.append(tuple(layer))
    return tuple(layers)


def derivation(
    shop: Workshop, rows: Rows, phase: str, changed: Iterable[int], timed: bool = False
) -> Layers:
    """How to compute anew, after a phase, the derived gauges that depend on the `changed` rows.

    timed: whether the turn has changed, too.
    """
    layers: Layers = ()
    changed = set(changed)
    for depth, layer in enumerate(rows.derived):
        stale = [
            (shop.layout.rows[gauge], reading)
            for gauge, reading in layer
            if reading.cells & changed or (timed and reading.timed)
        ]
        if stale:
            block = shop.block(f"derived {phase} {depth}", [(it, "int") for _, it in stale])
            layers += ((tuple(row for row, _ in stale), block),)
            changed.update(row for row, _ in stale)
    return layers


def _reads(shop: Workshop, derived: DerivedSpec) -> set[str]:
    return {name.removeprefix(SEEN) for name in shop.parse(derived.value).names()}


def _clamped(shop: Workshop, derived: DerivedSpec) -> Expression:
    """The value kept within bounds, where bounds are given."""
    expression = shop.parse(derived.value)
    node = expression.node
    if derived.min is not None:
        low = Number(derived.min)
        node = Choice(Compare(node, ("<",), (low,)), low, node)
    if derived.max is not None:
        high = Number(derived.max)
        node = Choice(Compare(node, (">",), (high,)), high, node)
    if node is expression.node:
        return expression
    return Expression(node, expression.text, expression.at)
