"""The compiled scenario: everything the engine needs, as tables and generated functions.

This is the first waist of the program. Above it is YAML, words and marks; below it whole
numbers. A `Scenario` is immutable, holds no text that the engine reads, and is the same on
every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from wargame.decision import Mind
from wargame.effects import EffectBook
from wargame.errors import Fault
from wargame.expression import Block
from wargame.record import RunHeader
from wargame.spec import Spec

Ints = npt.NDArray[np.int64]
Cells = npt.NDArray[np.signedinteger[Any]]

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
    """What nature decides. Indices are results of the scenario's `event_block`.

    chance: per mille, or None and found at `chance_at`. weights: (constant or None, index).
    """

    id: str
    label: str
    when: int | None
    chance: int | None
    chance_at: int
    weights: tuple[tuple[int | None, int], ...]
    slots: tuple[int, ...]


@dataclass(frozen=True)
class MovePlan:
    """How one actor's moves are resolved. Index m is a move of its mind.

    success: per mille, M; the last entry, 1000, stands for no move. slots: for each move, the
    slot of its effects, and of its failure's.
    """

    success: Ints
    live_success: tuple[tuple[int, int], ...]
    success_block: Block
    labels: tuple[str, ...]
    slots: tuple[tuple[int, int | None], ...]


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
    graph: nx.DiGraph[str]

    dtype: type[np.signedinteger[Any]]
    rows: Mapping[str, int]
    low: Ints
    high: Ints
    start: npt.NDArray[np.signedinteger[Any]]
    state_rows: int
    hashed_rows: int
    multipliers: npt.NDArray[np.uint64]
    unknowns: tuple[Unknown, ...]
    derived: tuple[tuple[tuple[int, ...], Block], ...]

    news: EffectBook
    injects: Mapping[int, tuple[Inject, ...]]
    events: tuple[Event, ...]
    event_block: Block
    minds: tuple[Mind, ...]
    moves: EffectBook
    plans: tuple[MovePlan, ...]
    remembered: tuple[tuple[str, int, int | None, int | None], ...]  # actor, m, last, times
    dyad_count: int
    dyad_rows: Mapping[str, int]  # the first row of each of DYAD_CELLS
    drift_rows: npt.NDArray[np.intp]
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
