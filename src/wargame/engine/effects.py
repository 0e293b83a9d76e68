"""What happens to the world in a phase: many effects, applied together.

A *slot* is something that may happen in a phase: an outcome of a chance event, an inject, a
move that succeeds or fails. Where it happens is one row of flags over the runs. All slots of
a phase read the world as the phase found it; sets come before adds, of two sets of one cell
the later slot counts, and the results are clamped once to the cells' bounds.

Constant additions, which are most of them, are one exact matrix product: whole numbers held
in floats are exact below 2**24 (float32) or 2**53 (float64), and the matrix is made of the
type that holds every sum. The rest is computed only for the runs in which the slot happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.expression import Block

Cells = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.floating[Any]]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]
FLOAT32_EXACT = 2**24
NOWHERE: Places = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class Slot:
    """One thing that may happen, with its effects on cells named by row.

    `adds` and `sets` are constants; `live_adds` and `live_sets` name a result of `block`, which
    numbers the cells by their place in `reads`.
    """

    name: str
    adds: tuple[tuple[int, int], ...] = ()
    sets: tuple[tuple[int, int], ...] = ()
    live_adds: tuple[tuple[int, int], ...] = ()
    live_sets: tuple[tuple[int, int], ...] = ()
    reads: Places = field(default_factory=lambda: NOWHERE)
    block: Block | None = None

    @property
    def rows(self) -> set[int]:
        """The rows that this slot can change."""
        parts = (self.adds, self.sets, self.live_adds, self.live_sets)
        return {row for part in parts for row, _ in part}

    def values(self, cells: Cells, columns: Places, turn: int) -> Sequence[Any]:
        """The results of the block in the runs at `columns`."""
        if self.block is None:
            return ()
        return self.block(cells[self.reads].take(columns, axis=1), None, turn)


@dataclass(frozen=True)
class EffectBook:
    """All the slots of a phase. `low` and `high` are the bounds of every cell."""

    slots: tuple[Slot, ...]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    dtype: type[np.signedinteger[Any]]

    @cached_property
    def rows(self) -> Places:
        """The rows that this phase can change, in ascending order."""
        return np.array(sorted(set().union(*(slot.rows for slot in self.slots))), dtype=np.intp)

    @cached_property
    def _place(self) -> dict[int, int]:
        """Where each of `rows` stands among them."""
        return {row: place for place, row in enumerate(self.rows.tolist())}

    @cached_property
    def _bounds(self) -> tuple[Cells, Cells]:
        """The bounds of `rows` as columns of the cells' own type: nothing is widened."""
        low, high = (side[self.rows, None].astype(self.dtype) for side in (self.low, self.high))
        return low, high

    @cached_property
    def _matrix(self) -> Floats:
        """The constant additions, rows x slots."""
        matrix = np.zeros((self.rows.size, len(self.slots)))
        for column, slot in enumerate(self.slots):
            for row, amount in slot.adds:
                matrix[self._place[row], column] += amount
        exact32 = np.abs(matrix).sum(axis=1).max(initial=0) < FLOAT32_EXACT
        return matrix.astype(np.float32 if exact32 else np.float64)

    @cached_property
    def _special(self) -> Flags:
        """Which slots do more than add constants."""
        return np.array([bool(s.sets or s.block) for s in self.slots], dtype=np.bool_)

    def happening(self, runs: int) -> Flags:
        """A table for the phase to fill: slots x runs, and one last row that means nothing."""
        return np.zeros((len(self.slots) + 1, runs), dtype=np.bool_)

    def apply(self, cells: Cells, happens: Flags, turn: int) -> None:
        """Do everything in `happens` (as `happening` made it) to `cells` (rows x runs), in place.

        The first cell is written after the last value has been computed, so every effect reads
        the world as the phase found it.
        """
        happens = happens[: len(self.slots)]
        anywhere = happens.any(axis=1)
        if not self.rows.size or not anywhere.any():
            return
        changed = cells[self.rows]
        live = []
        for index in (self._special & anywhere).nonzero()[0].tolist():
            slot = self.slots[index]
            columns = happens[index].nonzero()[0]
            values = slot.values(cells, columns, turn)
            live.append((slot, columns, values))
            for row, amount in slot.sets:
                changed[self._place[row]][columns] = amount
            for row, k in slot.live_sets:
                changed[self._place[row]][columns] = values[k]
        changed += (self._matrix @ happens.astype(self._matrix.dtype)).astype(self.dtype)
        for slot, columns, values in live:
            for row, k in slot.live_adds:
                changed[self._place[row]][columns] += values[k]
        low, high = self._bounds
        np.maximum(changed, low, out=changed)
        np.minimum(changed, high, out=changed)
        cells[self.rows] = changed
