"""The patient rule induction method: a box of the unknowns in which an outcome is frequent.

From the box of all runs a thin slab is peeled off again and again, each time the one in which the
outcome is rarest. This draws a path from large boxes to dense ones. The box kept is the one whose
excess over the overall rate is the most standard errors, sqrt(size) x (rate inside - rate overall):
it does not depend on how dense an outcome left to chance can become. Then its sides are pushed
outwards again as long as that helps.

Source: Friedman and Fisher 1999, Statistics and Computing 9:123; the slab's mean as criterion is
Kwakkel and Jaxa-Rozen 2016, Environ. Modelling & Software 79:311; the quality is Kloesgen's 1996.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wargame.statistics.result import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Box:
    """Limits for each unknown, shape (unknowns,), both inclusive; infinite where free."""

    low: FloatArray
    high: FloatArray

    @classmethod
    def free(cls, unknowns: int) -> Box:
        """The box without limits."""
        return cls(np.full(unknowns, -np.inf), np.full(unknowns, np.inf))

    def contains(self, x: FloatArray) -> BoolArray:
        """Which rows of x, shape (runs, unknowns), lie inside."""
        return np.asarray(((x >= self.low) & (x <= self.high)).all(axis=1))

    def sides(self) -> list[tuple[int, bool]]:
        """The limited sides: (unknown, whether it is the upper limit)."""
        lower = [(int(i), False) for i in np.flatnonzero(np.isfinite(self.low))]
        upper = [(int(i), True) for i in np.flatnonzero(np.isfinite(self.high))]
        return sorted(lower + upper)

    def limit(self, unknown: int, upper: bool) -> float:
        """The limit on one side."""
        return float((self.high if upper else self.low)[unknown])

    def moved(self, unknown: int, upper: bool, limit: float) -> Box:
        """The same box with one side moved to `limit`."""
        low, high = self.low.copy(), self.high.copy()
        (high if upper else low)[unknown] = limit
        return Box(low, high)

    def freed(self, unknown: int, upper: bool) -> Box:
        """The same box without the limit on one side."""
        return self.moved(unknown, upper, math.inf if upper else -math.inf)

    def beyond(self, x: FloatArray, unknown: int, upper: bool) -> BoolArray:
        """Which rows only this one side keeps out."""
        out: BoolArray = self.freed(unknown, upper).contains(x) & ~self.contains(x)
        return out


def quality(y: FloatArray, overall: float) -> float:
    """How many standard errors (up to a constant) the mean of y lies above `overall`."""
    return math.sqrt(len(y)) * (float(y.mean()) - overall) if len(y) else -math.inf


def peel(x: FloatArray, y: FloatArray, fraction: float, least: int) -> list[Box]:
    """The path of boxes from all runs down to about `least` of them.

    x: unknowns, shape (runs, unknowns); y: outcome in 0..1, shape (runs,); fraction: how much of
    a box one slab takes. Slabs consist of whole values, so runs with equal values stay together.
    """
    box, path = Box.free(x.shape[1]), [Box.free(x.shape[1])]
    while len(y) > least:
        size = max(1, int(fraction * len(y)))
        parts = np.partition(x, [size - 1, len(y) - size], axis=0)
        rarest, step = math.inf, None
        for upper, edges in ((False, parts[size - 1]), (True, parts[len(y) - size])):
            slab = x >= edges if upper else x <= edges
            taken = slab.sum(axis=0)
            means = np.where(len(y) - taken >= least, (y @ slab) / taken, math.inf)
            unknown = int(means.argmin())
            if means[unknown] < rarest:
                rarest, step = float(means[unknown]), (unknown, upper, ~slab[:, unknown])
        if step is None:
            break
        unknown, upper, kept = step
        x, y = x[kept], y[kept]
        column = x[:, unknown]
        box = box.moved(unknown, upper, float(column.max() if upper else column.min()))
        path.append(box)
    return path


def paste(x: FloatArray, y: FloatArray, box: Box, fraction: float, overall: float) -> Box:
    """Push the sides of `box` outwards, the most helpful first, while the quality rises."""
    best = quality(y[box.contains(x)], overall)
    while True:
        size = max(1, int(fraction * box.contains(x).sum()))
        wider = [
            candidate
            for unknown, upper in box.sides()
            for candidate in (_wider(x, box, unknown, upper, size), box.freed(unknown, upper))
        ]
        gains = [quality(y[candidate.contains(x)], overall) for candidate in wider]
        if not gains or max(gains) <= best:
            return box
        best = max(gains)
        box = wider[gains.index(best)]


def _wider(x: FloatArray, box: Box, unknown: int, upper: bool, size: int) -> Box:
    """`box` with one side moved to let in the next `size` runs, or freed if there are fewer."""
    outside = x[box.beyond(x, unknown, upper), unknown]
    if len(outside) <= size:
        return box.freed(unknown, upper)
    place = size - 1 if upper else len(outside) - size
    return box.moved(unknown, upper, float(np.partition(outside, place)[place]))


def induce(x: FloatArray, y: FloatArray, fraction: float, least: int) -> tuple[Box, list[Box], int]:
    """The best box, the path of boxes that led to it, and its place on the path."""
    overall = float(y.mean())
    path = peel(x, y, fraction, least)
    qualities = [quality(y[box.contains(x)], overall) for box in path]
    chosen = int(np.argmax(qualities))
    return paste(x, y, path[chosen], fraction, overall), path, chosen
