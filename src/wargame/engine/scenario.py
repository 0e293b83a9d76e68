"""The compiled scenario: everything the engine needs, as tables and straight-line code.

This is the first waist of the program. Above it is YAML, words and marks; below it whole
numbers. A `Scenario` is immutable, holds no text that the engine reads, and is the same on
every machine.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wargame.engine.decision import Mind
from wargame.engine.effects import EffectBook
from wargame.engine.record import RunHeader
from wargame.errors import Fault
from wargame.expression import Block

if TYPE_CHECKING:
    from wargame.content.spec import Spec

Ints = npt.NDArray[np.int64]
Cells = npt.NDArray[np.signedinteger[Any]]
Places = npt.NDArray[np.intp]
Layers = tuple[tuple[tuple[int, ...], Block], ...]  # rows, and the function for their values

# Derived gauges are computed anew after these phases, each time those that may have changed;
# "all" is every one of them.
DERIVING = ("all", "news", "moves", "ladder", "drift")
DYAD_CELLS = ("stage", "heat", "forced", "peak")  # what the ladder remembers of each dyad


@dataclass(frozen=True)
class Unknown:
    """A cell drawn once for each run: `values[i]` with whole-number weight by cumulative edges."""

    name: str
    row: int
    label: str
    values: Ints
    edges: Ints  # cumulative weights; the last one is their total, below 2**31


@dataclass(frozen=True)
class Inject:
    """News at a set turn; `when` is asked first, if there is one."""

    slot: int
    when: Block | None


@dataclass(frozen=True)
class Event:
    """What nature decides. The results of the scenario's `event_block` begin with the chances of
    all events in order, per mille, 0 where an event's condition does not hold.

    weights: one for each outcome, (constant, -1) or (None, index of a result); empty if there is
    only one outcome. slots: where each outcome stands in the book of news.
    """

    id: str
    label: str
    weights: tuple[tuple[int | None, int], ...]
    slots: tuple[int, ...]


@dataclass(frozen=True)
class MovePlan:
    """How one actor's moves are resolved.

    Tables with one entry for each move of its mind, and a last one that stands for no move:
    success per mille (for `live_success`, (m, k), it is result k of `success_block`); the slot
    of the move's effects and that of its failure; the cells that remember its last turn and how
    often it was made, -1 where nobody asks.
    """

    success: Ints
    live_success: tuple[tuple[int, int], ...]
    success_block: Block
    labels: tuple[str, ...]
    won: Places
    lost: Places
    last: Places
    times: Places


@dataclass(frozen=True)
class Ledger:
    """The tables of all plans behind each other, for all orders of a turn at once.

    first: where each order's table begins, orders of all actors x 1. An order of -1 finds the
    last entry of the table before, which stands for no move like every last entry.
    """

    first: Places
    success: Ints
    won: Places
    lost: Places
    last: Places
    times: Places


@dataclass(frozen=True)
class EndingRule:
    """An ending's place in judgement; `held_row` counts the turns that it has held."""

    name: str
    turns: int
    at_horizon: bool
    held_row: int | None


@dataclass(frozen=True)
class Scenario:
    """A scenario, compiled. Rows are rows of `World.cells`."""

    spec: Spec
    header: RunHeader
    warnings: tuple[Fault, ...]
    unread: tuple[Fault, ...]  # of gauges; a scenario that extends this one may read them
    orders: int
    """How many orders an actor gives in a turn."""

    dtype: type[np.signedinteger[Any]]
    rows: Mapping[str, int]
    low: Ints
    high: Ints
    start: npt.NDArray[np.signedinteger[Any]]
    state_rows: int
    hashed_rows: int
    multipliers: npt.NDArray[np.uint32]
    unknowns: tuple[Unknown, ...]
    derived: Mapping[str, Layers]

    news: EffectBook
    injects: Mapping[int, tuple[Inject, ...]]
    events: tuple[Event, ...]
    event_block: Block
    minds: tuple[Mind, ...]
    moves: EffectBook
    plans: tuple[MovePlan, ...]
    ledger: Ledger
    dyad_count: int
    dyad_rows: Mapping[str, int]  # the first row of each of DYAD_CELLS
    drift_rows: Places
    drift_bounds: tuple[Cells, Cells]  # rows x 1
    drift_block: Block
    judge_block: Block
    reached_row: int
    milestones: tuple[str, ...]
    endings: tuple[EndingRule, ...]

    @property
    def horizon(self) -> int:
        """The last turn."""
        return self.header.horizon

    def mind(self, actor: str) -> Mind:
        """The compiled rules of `actor`. Raises KeyError if it takes no part."""
        for mind in self.minds:
            if mind.actor == actor:
                return mind
        raise KeyError(actor)

    def dyads(self, cells: Cells, kind: str) -> Cells:
        """One of `DYAD_CELLS` of every dyad, dyads x n: a view of `cells`."""
        first = self.dyad_rows[kind]
        return cells[first : first + self.dyad_count]

    def reached(self, cells: Cells) -> Cells:
        """The turn in which each milestone was first reached, or 0: a view of `cells`."""
        return cells[self.reached_row : self.reached_row + len(self.milestones)]

    def gauge_names(self) -> tuple[str, ...]:
        """The names of gauges, unknowns and derived gauges, in the file's order."""
        scenario = self.spec.scenario
        return (*scenario.gauges, *scenario.unknowns, *scenario.derived)

    def __getstate__(self) -> dict[str, Any]:
        """Everything, with the spec in a parcel of its own: who only plays never opens it."""
        state = {name: value for name, value in vars(self).items() if name != "spec"}
        if _PARCEL not in state:
            state[_PARCEL] = pickle.dumps(self.spec, protocol=5)
        return state

    def __getattr__(self, name: str) -> Any:
        if name != "spec" or _PARCEL not in vars(self):
            raise AttributeError(name)
        spec = pickle.loads(vars(self)[_PARCEL])
        vars(self)["spec"] = spec
        return spec


_PARCEL = "_spec"
