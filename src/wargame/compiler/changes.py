"""Effects, heat and interventions, lowered to slots of an `EffectBook`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from wargame.compiler.context import Results, Workshop
from wargame.content.spec import Effect, Expr, MoveSpec
from wargame.engine import ladder
from wargame.engine.effects import EffectBook, Slot
from wargame.engine.layout import leverage
from wargame.expression import Expression, Node, Number
from wargame.expression.tree import Binary, Choice, Compare, Name, Query


@dataclass(frozen=True)
class Change:
    """One effect on the cell in `row`: "add" or "set"."""

    row: int
    op: str
    value: Expression


def changes(
    shop: Workshop,
    effects: Mapping[str, Effect],
    heat: Mapping[str, Expr],
    actor: str = "",
    target: str = "",
) -> list[Change]:
    """Effects on gauges and heat on dyads, as changes of cells."""
    found = []
    for name, effect in effects.items():
        cell = _with_ends(name, actor, target)
        if cell in shop.file.gauges or cell in shop.file.unknowns:
            value = shop.parse(effect.value, actor, target)
            found.append(Change(shop.layout.rows[cell], effect.op, value))
    for key, amount in heat.items():
        dyad = _dyad(shop, key, actor, target)
        if dyad is not None:
            value = shop.parse(amount, actor, target)
            found.append(Change(shop.layout.rows[f"heat({dyad})"], "add", value))
    return found


def intervene(shop: Workshop, move: MoveSpec, actor: str) -> list[Change]:
    """An intervention lowered to ordinary changes (see `ladder` for Glasl's windows).

    Inside the window heat counts in full, too soft not at all, too hard reversed at half
    strength; scaled by the actor's largest leverage on the parties and by their consent.
    The gauges change only inside the window of the first dyad.
    """
    target = move.target or ""
    low, high = ladder.WINDOWS[move.intervention or ""]
    step = Number(1 if move.intervention == ladder.FORCED else -1)
    consent = shop.parse(move.consent, actor, target).node
    found: list[Change] = []
    first: Node | None = None
    for key, amount in move.heat.items():
        dyad = _dyad(shop, key, actor, target)
        if dyad is None:
            continue
        parties = tuple(dyad.split("-"))
        stage = Query("stage", parties)
        inside = Compare(Number(low), ("<=", "<="), (stage, Number(high)))
        first = first or inside
        too_hard = Compare(stage, ("<",), (Number(low),))
        halves = Choice(inside, Number(2), Choice(too_hard, Number(-1), Number(0)))
        lever = max(leverage(shop.graph, actor, party) for party in parties if party != actor)
        node: Node = Binary("*", shop.parse(amount, actor, target).node, halves)
        for factor, divisor in ((Number(lever), 2000), (consent, 1000)):
            node = Binary("//", Binary("*", node, factor), Number(divisor))
        forced = Choice(inside, step, Number(0))
        for cell, change in ((f"heat({dyad})", node), (f"forced({dyad})", forced)):
            value = Expression(change, amount.text, amount.at)
            found.append(Change(shop.layout.rows[cell], "add", value))
    for plain in changes(shop, move.effects, {}, actor, target):
        if first is None:
            found.append(plain)
            continue
        unchanged = Number(0) if plain.op == "add" else Name(shop.layout.names[plain.row])
        node = Choice(first, plain.value.node, unchanged)
        value = Expression(node, plain.value.text, plain.value.at)
        found.append(Change(plain.row, plain.op, value))
    return found


def _with_ends(name: str, actor: str, target: str) -> str:
    first, dot, rest = name.partition(".")
    return f"{ {'self': actor, 'target': target}.get(first, first) }{dot}{rest}"


def _dyad(shop: Workshop, key: str, actor: str, target: str) -> str | None:
    ends = (_with_ends(part, actor, target) for part in key.split("-"))
    return shop.dyads.get(frozenset(ends))


def slot(shop: Workshop, name: str, changes: Iterable[Change]) -> Slot:
    """Changes lowered: constants to tables, the rest to one block."""
    adds: list[tuple[int, int]] = []
    sets: list[tuple[int, int]] = []
    live_adds: list[tuple[int, int]] = []
    live_sets: list[tuple[int, int]] = []
    results = Results()
    for change in changes:
        constant, k = results.add_unless_constant(shop.read(change.value))
        if constant is None:
            (live_adds if change.op == "add" else live_sets).append((change.row, k))
        elif change.op == "set":
            sets.append((change.row, constant))
        elif constant:
            adds.append((change.row, constant))
    reads = sorted(set().union(*(reading.cells for reading, _ in results.pairs)))
    place = {row: i for i, row in enumerate(reads)}
    local = [(reading.renumbered(place), kind) for reading, kind in results.pairs]
    return Slot(
        name=name,
        adds=tuple(adds),
        sets=tuple(sets),
        live_adds=tuple(live_adds),
        live_sets=tuple(live_sets),
        reads=np.array(reads, dtype=np.intp),
        block=shop.block(name, local) if local else None,
    )


def book(shop: Workshop, slots: Iterable[Slot]) -> EffectBook:
    """All the slots of a phase."""
    low, high = (np.array(side, dtype=np.int64) for side in (shop.layout.low, shop.layout.high))
    return EffectBook(tuple(slots), low, high, shop.dtype)
