"""Which row of the world's table holds what, and what a name in a rule stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wargame.expression import Node, Number, Symbol
from wargame.expression.tree import Binary, Choice, Compare

if TYPE_CHECKING:
    import networkx as nx

NEVER_PLAYED = 9999  # turns since a move that was never made
OF_MOVE = ("played", "turns_since", "times")
SEEN = "seen."


@dataclass
class Layout:
    """Rows and bounds of the cells, in the order in which they are added."""

    names: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    start: list[int] = field(default_factory=list)

    def add(self, name: str, low: int, high: int, start: int) -> int:
        """Give `name` the next row; whoever adds checks that the name is new."""
        row = len(self.names)
        self.names.append(name)
        self.rows[name] = row
        self.low.append(low)
        self.high.append(high)
        self.start.append(start)
        return row

    def symbol(self, name: str) -> Symbol | None:
        """Where `name` stands, or None."""
        row = self.rows.get(name)
        return None if row is None else Symbol("c", row, self.low[row], self.high[row])


@dataclass(frozen=True)
class Names:
    """What names and questions mean to the expressions of one scenario.

    With an actor's `sights` (gauge name to row of what it sees) ``seen.`` names resolve too.
    `gauges` are the names that an author may write; `absent` are moves that exist in a
    catalogue but that nobody here can make.
    """

    layout: Layout
    gauges: Mapping[str, None]
    dyads: Mapping[frozenset[str], str]
    graph: nx.DiGraph[str]
    actors: tuple[str, ...]
    moves: Mapping[str, tuple[str, ...]]  # actor -> the moves it can make
    absent: frozenset[str]
    horizon: int
    sights: Mapping[str, int] | None = None

    def symbol(self, name: str) -> Symbol | None:
        """The cell or the perceived row that a name stands for, or None."""
        if name == "turn":
            return Symbol("turn", None, 0, self.horizon)
        if name.startswith(SEEN) and self.sights is not None:
            name = name.removeprefix(SEEN)
            cell = self.layout.symbol(name) if name in self.gauges else None
            if cell is not None and name in self.sights:
                return Symbol("s", self.sights[name], cell.low, cell.high)
            return cell
        return self.layout.symbol(name) if name in self.gauges else None

    def names(self) -> Iterable[str]:
        """Everything that could have been written, for the nearest one."""
        yield from self.gauges
        if self.sights is not None:
            yield from (SEEN + name for name in self.gauges)
        for dyad in self.dyads.values():
            one, other = dyad.split("-")
            yield from (f"{kind}({one}, {other})" for kind in ("stage", "heat"))
        for actor, moves in self.moves.items():
            yield from (f"{kind}({actor}, {move})" for move in moves for kind in OF_MOVE)

    def call(self, function: str, args: tuple[str, ...]) -> Node | None:
        """What a question stands for, or None if it cannot be asked here."""
        if function in ("stage", "heat"):
            dyad = self.dyads.get(frozenset(args))
            return None if dyad is None else self.layout.symbol(f"{function}({dyad})")
        if function == "leverage":
            known = all(actor in self.actors for actor in args)
            return Number(leverage(self.graph, *args)) if known else None
        return self._of_move(function, *args)

    def _of_move(self, function: str, actor: str, move: str) -> Node | None:
        last = self.layout.symbol(last_cell(actor, move))
        if function == "times":
            last = self.layout.symbol(times_cell(actor, move))
        if last is None:
            exists = move in self.absent or any(move in moves for moves in self.moves.values())
            if actor not in self.actors or not exists:
                return None
            return Number(NEVER_PLAYED if function == "turns_since" else 0)
        if function == "times":
            return last
        if function == "played":
            return Compare(last, (">",), (Number(0),))
        since = Binary("-", Symbol("turn", None, 0, self.horizon), last)
        return Choice(Compare(last, ("==",), (Number(0),)), Number(NEVER_PLAYED), since)


def last_cell(actor: str, move: str) -> str:
    """The name of the cell that holds the last turn in which the move was made."""
    return f"last({actor}, {move})"


def times_cell(actor: str, move: str) -> str:
    """The name of the cell that holds how often the move was made."""
    return f"times({actor}, {move})"


def leverage(graph: nx.DiGraph[str], source: str, target: str) -> int:
    """How much `source` can move `target`, per mille; 0 where no tie joins them."""
    return int(graph.edges[source, target]["leverage"]) if graph.has_edge(source, target) else 0
