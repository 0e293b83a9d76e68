"""What became of each run, and how the runs of two variants pair up.

Two variants played under the same luck share their run numbers, so run 4711 of one is the twin
of run 4711 of the other. All that the comparison needs is how often each pair of states
occurred. Such tables add up: a batch of a billion runs is paired chunk by chunk, and what is
kept does not grow with the runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from wargame.statistics.result import BoolArray, IntArray
from wargame.statistics.shares import FAILED

# States of a yes-no outcome, and of an outcome given a condition. A run that failed has no state
# of its own, so it gets the last one.
NO, YES, LOST = 0, 1, 2
OUTSIDE, GIVEN, BOTH, UNKNOWN = 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of each run of one variant.

    runs: run numbers, ascending and distinct, shape (n,).
    endings: the endings' names, in the scenario's order.
    ending: index into `endings` for each run, -1 for a run that failed, shape (n,).
    milestones: for each name, whether the run passed through it, shape (n,); not read where the
        run failed.
    """

    variant: str
    runs: IntArray
    endings: tuple[str, ...]
    ending: IntArray
    milestones: Mapping[str, BoolArray] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        variant: str,
        runs: ArrayLike,
        ending: Sequence[str | None],
        milestones: Mapping[str, ArrayLike] | None = None,
        endings: Iterable[str] = (),
    ) -> Outcomes:
        """From one ending name per run, in any order; None or "failed" marks a failed run.

        endings: names to keep in this order even if no run ended so; others follow by name.
        Raises ValueError for unequal lengths or a run number that occurs twice.
        """
        numbers = np.asarray(runs, dtype=np.int64)
        columns = {name: np.asarray(c, dtype=bool) for name, c in (milestones or {}).items()}
        if {len(ending), *map(len, columns.values())} != {len(numbers)}:
            raise ValueError(f"{variant}: the columns are of unequal length")
        order = np.argsort(numbers, kind="stable")
        numbers = numbers[order]
        twice = numbers[1:][numbers[1:] == numbers[:-1]]
        if twice.size:
            raise ValueError(f"{variant}: run {twice[0]} occurs twice")
        known = list(dict.fromkeys(endings))
        seen = {name for name in ending if name is not None and name != FAILED}
        names = (*known, *sorted(seen - set(known)))
        code = {name: i for i, name in enumerate(names)}
        codes = np.array([code.get(name or FAILED, -1) for name in ending], dtype=np.int64)
        return cls(
            variant=variant,
            runs=numbers,
            endings=names,
            ending=codes[order],
            milestones={name: column[order] for name, column in columns.items()},
        )

    @property
    def failed(self) -> BoolArray:
        """Which runs have no outcome."""
        failed: BoolArray = self.ending < 0
        return failed

    def happened(self, name: str) -> BoolArray:
        """Which runs ended in, or passed through, `name`; a failed run counts as not.

        Raises KeyError for a name this variant does not know.
        """
        if name in self.milestones:
            return self.milestones[name] & ~self.failed
        if name in self.endings:
            happened: BoolArray = self.ending == self.endings.index(name)
            return happened
        raise KeyError(name)

    def counts(self) -> dict[str, int]:
        """Runs by ending, zeros included; failed runs left out."""
        seen = np.bincount(self.ending[~self.failed], minlength=len(self.endings))
        return dict(zip(self.endings, seen.tolist(), strict=True))

    def states(self, name: str) -> IntArray:
        """For each run: NO, YES or LOST; for `A|B`: OUTSIDE, GIVEN, BOTH or UNKNOWN."""
        outcome, bar, given = name.partition("|")
        if not bar:
            return np.where(self.failed, LOST, self.happened(name).astype(np.int64))
        inside = self.happened(given)
        state = inside.astype(np.int64) + (inside & self.happened(outcome))
        return np.where(self.failed, UNKNOWN, state)


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of two variants, counted by the states of both: base in rows, variant in columns.

    transitions: shape (K+1, K+1) over `endings` and, last, failed.
    tables: for every other name, a milestone (3 x 3: NO, YES, LOST) or an outcome given a
        condition (4 x 4: OUTSIDE, GIVEN, BOTH, UNKNOWN).
    unpaired: runs found on one side only; they cannot be compared and are only counted.
    """

    base: str
    variant: str
    endings: tuple[str, ...]
    transitions: IntArray
    tables: Mapping[str, IntArray]
    unpaired: int = 0

    @property
    def n(self) -> int:
        """The number of pairs."""
        return int(self.transitions.sum())

    @property
    def names(self) -> tuple[str, ...]:
        """Every outcome that can be compared."""
        return (*self.endings, *self.tables)

    def table(self, name: str) -> IntArray:
        """The 3 x 3 table (NO, YES, LOST) of an ending or a milestone, the 4 x 4 one of `A|B`.

        Raises KeyError for an unknown name.
        """
        if name in self.tables:
            return self.tables[name]
        if name not in self.endings:
            raise KeyError(name)
        last = len(self.endings)
        state = np.full(last + 1, NO)
        state[self.endings.index(name)] = YES
        state[last] = LOST
        table = np.zeros((3, 3), dtype=np.int64)
        np.add.at(table, np.ix_(state, state), self.transitions)
        return table

    def swapped(self) -> Pairs:
        """The same pairs with the two variants' parts exchanged."""
        return Pairs(
            base=self.variant,
            variant=self.base,
            endings=self.endings,
            transitions=self.transitions.T,
            tables={name: table.T for name, table in self.tables.items()},
            unpaired=self.unpaired,
        )

    def __add__(self, other: Pairs) -> Pairs:
        """Both sets of pairs together. Raises ValueError if they compare different things."""
        mine = (self.base, self.variant, self.endings, tuple(self.tables))
        if mine != (other.base, other.variant, other.endings, tuple(other.tables)):
            raise ValueError("only pairs of the same variants and outcomes add up")
        return Pairs(
            base=self.base,
            variant=self.variant,
            endings=self.endings,
            transitions=self.transitions + other.transitions,
            tables={name: table + other.tables[name] for name, table in self.tables.items()},
            unpaired=self.unpaired + other.unpaired,
        )


def crosstab(rows: IntArray, columns: IntArray, size: int) -> IntArray:
    """How often each pair of codes 0..size-1 occurs; shape (size, size)."""
    return np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)


def pair(base: Outcomes, variant: Outcomes, conditionals: Iterable[str] = ()) -> Pairs:
    """Pair the runs of two variants by run number.

    conditionals: names of the form `KABOOM|kaboom`, outcome given condition, each an ending or a
        milestone of both variants. Milestones known to only one variant are left out.
    Raises KeyError for an unknown name in `conditionals`.
    """
    shared, here, there = np.intersect1d(
        base.runs, variant.runs, assume_unique=True, return_indices=True
    )
    endings = tuple(dict.fromkeys((*base.endings, *variant.endings)))
    size = len(endings) + 1

    def codes(side: Outcomes, rows: IntArray) -> IntArray:
        # Index -1, a failed run, finds the last place, which is "failed".
        place = np.array([*(endings.index(name) for name in side.endings), size - 1])
        found: IntArray = place[side.ending[rows]]
        return found

    both = [name for name in base.milestones if name in variant.milestones]
    tables = {
        name: crosstab(base.states(name)[here], variant.states(name)[there], width)
        for names, width in ((both, 3), (conditionals, 4))
        for name in names
    }
    return Pairs(
        base=base.variant,
        variant=variant.variant,
        endings=endings,
        transitions=crosstab(codes(base, here), codes(variant, there), size),
        tables=tables,
        unpaired=len(base.runs) + len(variant.runs) - 2 * len(shared),
    )
