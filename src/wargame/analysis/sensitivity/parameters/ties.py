"""How far one actor can move another: every question for it reads a hidden gauge.

A tie is fixed when a scenario is compiled, as a number in whatever asks for it. With its levers,
`leverage(usa, russia)` becomes a gauge of the first actor, `usa.lever.tie.russia`, so that
`leverage(self, russia)` can become `self.lever.tie.russia` and mean another cell for each actor
that makes the move. Pairs that are not turned have a gauge of one value, which the compiler
treats as the number that it is.

An intervention multiplies its heat by the largest leverage of its actor on the parties. It does
so here too, before the compiler would: in what it compiles every tie has leverage 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from wargame.analysis.sensitivity.parameters.parameter import (
    PER_MILLE,
    Bench,
    assumed,
    both,
    of,
    relative,
)
from wargame.content.spec import DerivedSpec, Effect, Expr, Favour, GaugeSpec, Item, MoveSpec, Spec
from wargame.expression import Name, Node, Query, parse, show
from wargame.expression.tree import rebuild

Pair = tuple[str, str]
Value = TypeVar("Value")


def turn(bench: Bench, spec: Spec) -> Spec:
    """The spec in which every tie that is to be turned is read from a cell."""
    names = {actor.id: both(actor.short or actor.title, actor.id) for actor in spec.actors}
    ties = {(tie.from_, tie.to): tie for tie in spec.scenario.ties}
    turned = False
    for (one, other), tie in ties.items():
        if not assumed(tie.source):
            continue
        source, target, why = names[one], names[other], both(tie.because, "")
        kept = bench.add(
            "tie",
            f"{one} > {other}",
            of(
                source,
                f"leverage on {target['en']}" + (f" ({why['en']})" if why["en"] else ""),
                f"{target['ja']}への影響力" + (f"（{why['ja']}）" if why["ja"] else ""),
            ),
            tie,
            relative(tie.leverage, 0, 1000),
            usual=tie.leverage,
            unit=PER_MILLE,
            cell=_cell(one, other),
        )
        turned = turned or kept is not None
    if not turned:
        return spec
    reader = _Reader()
    file = _mapped(spec.scenario, reader.plain)
    moves = {name: reader.move(move) for name, move in spec.moves.items()}
    actors = tuple(_mapped(actor, reader.plain) for actor in spec.actors)
    for one, other in reader.asked:
        cell = _cell(one, other)
        if cell not in bench.hidden:
            tie_ = ties.get((one, other))
            value = tie_.leverage if tie_ is not None else 0
            # Of one value only, which an author could not write, and for the compiler a number.
            bench.hidden[cell] = GaugeSpec.model_construct(
                start=Expr(str(value)), min=value, max=value
            )
    even = tuple(tie.model_copy(update={"leverage": 1}) for tie in spec.scenario.ties)
    derived = {name: DerivedSpec(value=Expr(cell)) for name, cell in reader.turned_round.items()}
    update = {"ties": even, "derived": {**file.derived, **derived}}
    return replace(spec, scenario=file.model_copy(update=update), moves=moves, actors=actors)


def _cell(one: str, other: str) -> str:
    return f"{one}.lever.tie.{other}"


class _Reader:
    """Rewrites expressions, and remembers which pairs of actors they ask for.

    turned_round: what `leverage(russia, self)` reads, by a name that begins with `self`.
    """

    def __init__(self) -> None:
        self.asked: dict[Pair, None] = {}
        self.turned_round: dict[str, str] = {}

    def plain(self, value: Expr) -> Expr:
        """An expression in which every actor is named."""
        return self.read(value, {})

    def move(self, move: MoveSpec) -> MoveSpec:
        """A move, whose `self` is any of its actors."""
        ends = {"self": tuple(move.by), "target": (move.target or "",)}
        read = _mapped(move, lambda value: self.read(value, ends))
        if not move.intervention:
            return read
        heat = {
            key: Expr(f"({amount.text}) * {self.largest(key, ends)}", amount.at)
            for key, amount in read.heat.items()
        }
        return read.model_copy(update={"heat": heat})

    def read(self, value: Expr, ends: Mapping[str, tuple[str, ...]]) -> Expr:
        """The expression with a cell in place of every question for a leverage."""
        if "leverage(" not in value.text:
            return value

        def leaf(node: Node) -> Node:
            if isinstance(node, Query) and node.function == "leverage":
                one, other = node.args
                return Name(self.tie(one, other, ends))
            return node

        return Expr(show(rebuild(parse(value.text, value.at).node, leaf)), value.at)

    def tie(self, one: str, other: str, ends: Mapping[str, tuple[str, ...]]) -> str:
        """The cell of a pair; `self` stays in its name, for the compiler to fill in."""
        sources, targets = ends.get(one, (one,)), ends.get(other, (other,))
        if other == "self":
            for target in targets:
                source = target if one == "self" else sources[0]
                self.asked[source, target] = None
                self.turned_round[f"{target}.lever.tied.{one}"] = _cell(source, target)
            return f"self.lever.tied.{one}"
        self.asked |= {(source, targets[0]): None for source in sources}
        return _cell(one if one == "self" else sources[0], targets[0])

    def largest(self, key: str, ends: Mapping[str, tuple[str, ...]]) -> str:
        """The largest leverage of the actor on the parties to a dyad."""
        parties = [part for part in key.split("-") if part != "self"]
        cells = [self.tie("self", party, ends) for party in parties]
        return cells[0] if len(cells) == 1 else f"max({', '.join(cells)})"


def _mapped(value: Value, change: Callable[[Expr], Expr]) -> Value:
    """A part of a spec with every expression in it changed."""
    return _changed(value, change)  # type: ignore[no-any-return]


def _changed(value: Any, change: Callable[[Expr], Expr]) -> Any:
    match value:
        case Expr():
            return change(value)
        case Effect() | Favour():
            return replace(value, value=_changed(value.value, change))
        case Item():
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            found = {name: _changed(part, change) for name, part in fields.items()}
            differs = {name: part for name, part in found.items() if part is not fields[name]}
            return value.model_copy(update=differs) if differs else value
        case dict():
            return {key: _changed(part, change) for key, part in value.items()}
        case tuple():
            return tuple(_changed(part, change) for part in value)
        case _:
            return value
