"""What all parts of the compiler share: the names of the scenario, its expressions, its faults."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from wargame.content.spec import Expr, Spec
from wargame.engine.layout import Layout, Names
from wargame.errors import Fault, Mark, SpecError
from wargame.expression import Block, Expression, Interval, Kind, Node, Number, compile_block
from wargame.expression import parse as parse_text
from wargame.expression.bounds import NO, bounds, resolve
from wargame.expression.tree import Choice, Symbol, rebuild, walk

URN = 2**31  # a draw from an urn is exact below this total
NOTHING = Expression(Number(0), "0")
_PLAIN = re.compile(r"-?[0-9]{1,9}", re.ASCII)


class TooNarrow(Exception):
    """Some value may leave 32 bits."""


@dataclass(frozen=True)
class Reading:
    """An expression with its names resolved to cells, and the bounds of its result."""

    expression: Expression
    bounds: Interval

    @property
    def constant(self) -> int | None:
        """The value if it is the same in every run, else None."""
        return self.bounds.low if self.bounds.constant else None

    @property
    def never(self) -> bool:
        """Whether, as a condition, it holds in no run."""
        return self.bounds == NO

    @property
    def largest(self) -> int:
        """The greatest size that the result can have."""
        return max(abs(self.bounds.low), abs(self.bounds.high))

    @property
    def cells(self) -> set[int]:
        """The rows of the world that it reads."""
        return {row for array, row in self._symbols() if array == "c" and row is not None}

    @property
    def timed(self) -> bool:
        """Whether it reads the turn."""
        return any(array == "turn" for array, _ in self._symbols())

    def _symbols(self) -> Iterator[tuple[str, int | None]]:
        for node in walk(self.expression.node):
            if isinstance(node, Symbol):
                yield node.array, node.row

    def where(self, condition: Reading) -> Reading:
        """This value where the condition holds, and 0 elsewhere."""
        node = Choice(condition.expression.node, self.expression.node, Number(0))
        return self._with(node, self.bounds.join(NO))

    def renumbered(self, rows: Mapping[int, int]) -> Reading:
        """The same with the cells found in other rows."""

        def leaf(node: Node) -> Node:
            if isinstance(node, Symbol) and node.array == "c" and node.row is not None:
                return dataclasses.replace(node, row=rows[node.row])
            return node

        return self._with(rebuild(self.expression.node, leaf), self.bounds)

    def _with(self, node: Node, bounds: Interval) -> Reading:
        return Reading(Expression(node, self.expression.text, self.expression.at), bounds)


NONE = Reading(NOTHING, NO)


class Results:
    """Expressions gathered for one block, each known by its place in the results."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Reading, Kind]] = []

    def add(self, reading: Reading, kind: Kind) -> int:
        """The index at which the block will give this value."""
        self.pairs.append((reading, kind))
        return len(self.pairs) - 1

    def add_unless_constant(self, reading: Reading) -> tuple[int | None, int]:
        """(constant, -1), or (None, index) for a number that differs from run to run."""
        if reading.constant is not None:
            return reading.constant, -1
        return None, self.add(reading, "int")


class Workshop:
    """Reads the expressions of one scenario and gathers what is wrong with them.

    `layout` and with it `names` are filled by `rows`; `dtype` is the type of the cells.
    """

    def __init__(self, spec: Spec, dtype: type[np.signedinteger[Any]]) -> None:
        self.spec = spec
        self.file = spec.scenario
        self.dtype = dtype
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
        self.layout = Layout()
        self.names = Names(
            layout=self.layout,
            gauges=dict.fromkeys((*self.file.gauges, *self.file.unknowns, *self.file.derived)),
            dyads=self.dyads,
            graph=self.graph,
            actors=self.actors,
            moves=self.moves,
            absent=frozenset(spec.absent),
            horizon=self.file.turn.horizon,
        )
        self._parsed: dict[tuple[Expr, str, str], Expression] = {}
        self._read: dict[tuple[Expression, Mark | None, tuple[str, ...]], Reading] = {}

    # ------------------------------------------------------------- text -> tree -> bounds

    def parse(self, expr: Expr | int | None, actor: str = "", target: str = "") -> Expression:
        """Parse, with ``self`` and ``target`` named; a fault is noted, and 0 stands in for it."""
        if expr is None:
            return NOTHING
        if isinstance(expr, int):
            return Expression(Number(expr), str(expr))
        if _PLAIN.fullmatch(expr.text):
            return Expression(Number(int(expr.text)), expr.text, expr.at)
        key = (expr, actor, target)
        if key not in self._parsed:
            self._parsed[key] = NOTHING
            try:
                found = parse_text(expr.text, expr.at)
                names = {k: v for k, v in (("self", actor), ("target", target)) if v}
                self._parsed[key] = found.substitute(names) if names else found
            except SpecError as error:
                self.fault(*error.faults)
        return self._parsed[key]

    def read(self, expression: Expression, names: Names | None = None) -> Reading:
        """Find what the names stand for and what the value can be; unknown names are noted.

        names: what names mean here, the whole scenario's where nothing is said.
        """
        names = self.names if names is None else names
        key = (expression, expression.at, tuple(names.sights or ()))
        if key not in self._read:
            self._read[key] = NONE
            try:
                node = resolve(expression, names)
                self._read[key] = Reading(
                    Expression(node, expression.text, expression.at), bounds(node, {})
                )
            except SpecError as error:
                self.fault(*error.faults)
        return self._read[key]

    def condition(self, expr: Expr | None, what: str, names: Names | None = None) -> Reading:
        """A condition as it is written; where it can never hold, a warning says `what` cannot."""
        reading = self.read(self.parse(expr), names)
        return self.possible(reading, expr, what)

    def possible(self, reading: Reading, expr: Expr | None, what: str) -> Reading:
        """The reading; with a warning that begins with `what` if it can never hold."""
        if reading.never and expr is not None:
            self.warnings.append(Fault(f"{what}: {expr}", expr.at))
        return reading

    def number(self, expr: Expr, what: str) -> int:
        """The value of an expression that must not depend on the world."""
        reading = self.read(self.parse(expr))
        if reading.constant is None:
            self.fault(Fault(f"{what} must be a whole number, the same in every run", expr.at))
        return reading.constant or 0

    def block(self, name: str, pairs: Sequence[tuple[Reading, Kind]]) -> Block:
        """The code of many expressions. Raises TooNarrow when 32 bits may not hold every value."""
        written = [(reading.expression, kind) for reading, kind in pairs]
        try:
            return compile_block(name, written, self.names, self.dtype)
        except SpecError as error:
            if self.dtype is np.int32:
                raise TooNarrow from None
            self.fault(*error.faults)
            nothing = [(NOTHING, kind) for _, kind in pairs]
            return compile_block(name, nothing, self.names, self.dtype)

    # ------------------------------------------------------------- faults and luck

    def fault(self, *faults: Fault) -> None:
        """Note faults, each once: a move of three actors is read three times."""
        self.faults += [fault for fault in faults if fault not in self.faults]

    def luck(self, name: str) -> str:
        """A name for luck in which an actor is known by its place: renaming changes nothing."""
        first, dot, rest = name.partition(".")
        return f"#{self.actors.index(first)}{dot}{rest}" if first in self.actors else name
