"""What happens to the world in a phase: many effects, applied together.

A *slot* is something that may happen in a phase: an outcome of a chance event, an inject, a
move that succeeds. Whether it happens is one row of zeros and ones over the runs. All slots of
a phase read the world as the phase found it; sets come before adds, of two sets of one cell
the later slot counts, and the results are clamped once to the cells' bounds.

Constant additions, which are most of them, are one exact matrix product: whole numbers held
in floats are exact below 2**24 (float32) or 2**53 (float64), and the compiler proves the bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.expression import Block

Cells = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.floating[Any]]
FLOAT32_EXACT = 2**24


@dataclass(frozen=True)
class Slot:
    """One thing that may happen, with its effects on cells named by row.

    `adds` and `sets` are constants; `live_adds` and `live_sets` name a result of `block`, which
    is evaluated only when the slot happens in some run.
    """

    name: str
    adds: tuple[tuple[int, int], ...] = ()
    sets: tuple[tuple[int, int], ...] = ()
    live_adds: tuple[tuple[int, int], ...] = ()
    live_sets: tuple[tuple[int, int], ...] = ()
    block: Block | None = None

    def rows(self) -> set[int]:
        """The rows that this slot can change."""
        return {row for part in (self.adds, self.sets, self.live_adds, self.live_sets) for row, _ in part}


@dataclass(frozen=True)
class EffectBook:
    """All the slots of a phase, lowered to a matrix and a short list of live effects.

    `low` and `high` are the bounds of every cell; `apply` leaves cells of other slots alone.
    """

    slots: tuple[Slot, ...]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    rows: npt.NDArray[np.intp] = field(init=False)
    matrix: Floats = field(init=False)
    live: tuple[int, ...] = field(init=False)
    setting: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        rows = sorted(set().union(*(slot.rows() for slot in self.slots)) if self.slots else set())
        place = {row: index for index, row in enumerate(rows)}
        matrix = np.zeros((len(rows), len(self.slots)))
        for column, slot in enumerate(self.slots):
            for row, amount in slot.adds:
                matrix[place[row], column] += amount
        largest = np.abs(matrix).sum(axis=1).max(initial=0)
        kind = np.float32 if largest < FLOAT32_EXACT else np.float64
        assign: Callable[[str, object], None] = lambda name, value: object.__setattr__(self, name, value)
        assign("rows", np.array(rows, dtype=np.intp))
        assign("matrix", matrix.astype(kind))
        assign("live", tuple(i for i, slot in enumerate(self.slots) if slot.live_adds or slot.live_sets))
        assign("setting", tuple(i for i, slot in enumerate(self.slots) if slot.sets or slot.live_sets))

    def happening(self, runs: int) -> Floats:
        """An empty table of what happens, slots x runs, for the phase to fill with 0 and 1."""
        return np.zeros((len(self.slots), runs), dtype=self.matrix.dtype)

    def apply(self, cells: Cells, happens: Floats, turn: int) -> Cells:
        """A copy of `cells` (rows x runs) after everything in `happens` (slots x runs)."""
        after = cells.copy()
        if not self.rows.size or not happens.any():
            return after
        total = (self.matrix @ happens).astype(cells.dtype)
        values: dict[int, Sequence[Any]] = {}
        for index in self.live:
            block = self.slots[index].block
            if block is not None and happens[index].any():
                values[index] = block(cells, None, turn)
        for index in self.setting:
            slot = self.slots[index]
            where = happens[index] != 0
            for row, amount in slot.sets:
                after[row][where] = amount
            if index in values:
                for row, k in slot.live_sets:
                    after[row] = np.where(where, values[index][k], after[row])
        for index, results in values.items():
            where = happens[index].astype(cells.dtype)
            for row, k in self.slots[index].live_adds:
                total[int(np.searchsorted(self.rows, row))] += results[k] * where
        changed = after[self.rows] + total
        low, high = self.low[self.rows, None], self.high[self.rows, None]
        after[self.rows] = np.minimum(np.maximum(changed, low), high)
        return after
