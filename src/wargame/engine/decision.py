"""How an actor that follows its rules decides: an urn of whole-number weights.

Every legal move has a base weight; the rules that fire add, multiply or forbid; one draw picks:

    weight = max(0, base + sum of adds) * product of times // product of overs

and 0 where a rule forbids the move, its ``when`` does not hold or it cools down. A pupil can
follow it with paper and pencil, and `Weighing` keeps what is needed to show it.

Weights are whole numbers held in floats, exact below 2**24 (float32) or 2**53 (float64): the
compiler proves the bound, and so the sum of what all rules add is one exact matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.engine.randomness import Luck, below, spread
from wargame.expression import Block, tabulate

Cells = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.floating[Any]]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

NO_MOVE = -1
SMALL = 64  # up to so many runs the number of calls decides, not the arithmetic
MOST_COUNTED = 127  # moves that can be counted in 8 bits


@dataclass(frozen=True)
class Sights:
    """Gauges that an actor sees through noise. S: how many there are.

    rows: their cells. labels: the names of their luck. widths: the largest errors, S x 1; those
    in `live`, (index, result of `block`), differ from run to run. low, high: bounds, S x 1.
    """

    names: tuple[str, ...]
    rows: Places
    labels: tuple[str, ...]
    widths: Ints
    live: tuple[tuple[int, int], ...]
    block: Block
    low: Cells
    high: Cells


@dataclass(frozen=True)
class Scale:
    """What rules multiply or divide weights by, as tables. I: moves concerned. U: factors.

    moves: which moves, I. rules: which rule's firing brings each factor, U. excess: the factor
    less 1, U x 1. first: one factor of each move, I. more: further ones, (i, u).
    """

    moves: Places
    rules: Places
    excess: Floats
    first: Places
    more: tuple[tuple[int, int], ...]

    def product(self, reasons: Floats) -> Floats:
        """The product of the factors whose rules fire, I x n."""
        factors = reasons[self.rules] * self.excess + 1
        product: Floats = factors[self.first]
        for i, u in self.more:
            product[i] *= factors[u]
        return product


@dataclass(frozen=True)
class Mind:
    """One actor's rules, compiled. M: moves. R: rules. m a move, r a rule, k a result of `block`.

    `block` gives the conditions of the rules, then the amounts that are not constant (0 where
    their rule does not fire), then the conditions of moves. The first two are the *reasons*.
    """

    actor: str
    moves: tuple[str, ...]
    rules: tuple[str, ...]
    hold: int  # index of the move `hold`, which goes back into the urn; -2 if there is none
    labels: tuple[str, ...]  # the name of the luck of each of the turn's orders
    read: Sights  # what the rules look at
    unread: Sights  # what only people look at
    block: Block
    base: Floats  # M x 1
    adds: Floats  # M x reasons
    live_base: tuple[tuple[int, int], ...]  # (m, k)
    live_adds: tuple[tuple[int, int, int], ...]  # (m, r, k)
    times: tuple[tuple[int, int, int], ...]  # (m, r, factor)
    overs: tuple[tuple[int, int, int], ...]  # (m, r, divisor)
    times_table: Scale
    overs_table: Scale
    forbids: tuple[tuple[int, int], ...]  # (m, r)
    whens: tuple[tuple[int, int], ...]  # (m, k)
    cooling: Places  # moves that cool down
    played: Places  # the cells that hold the last turn in which each of them was made
    pause: Cells  # for how many turns, one column
    barred: Flags  # M + 1: a policy forbids the move; the last is "no move"


@dataclass(frozen=True)
class Weighing:
    """What an actor weighed: weights (M x n), reasons (reasons x n), legality (M x n)."""

    weights: Floats
    reasons: Floats
    legal: Flags
    results: Sequence[Any]


def perceive(sights: Sights, cells: Cells, turn: int, luck: Luck) -> Cells:
    """What the actor sees of these gauges through noise, S x n, within their bounds."""
    if not sights.labels:
        return cells[:0]
    widths = sights.widths
    if sights.live:
        widths = np.repeat(widths, cells.shape[1], axis=1)
        results = sights.block(cells, None, turn)
        for index, k in sights.live:
            widths[index] = np.maximum(results[k], 0)
    guess = cells[sights.rows] + spread(luck.table(sights.labels, turn), widths)
    seen: Cells = np.minimum(np.maximum(guess, sights.low), sights.high).astype(cells.dtype)
    return seen


def weigh(mind: Mind, cells: Cells, seen: Cells, turn: int) -> Weighing:
    """The weights of every move of the actor, in every run; `seen` are the sights it reads."""
    results = mind.block(cells, seen, turn)
    reasons = tabulate(results, mind.adds.shape[1], cells.shape[1], mind.adds.dtype)
    weights = mind.adds @ reasons
    weights += mind.base
    np.maximum(weights, 0, out=weights)
    times, overs = mind.times_table, mind.overs_table
    if times.moves.size:
        weights[times.moves] *= times.product(reasons)
    if overs.moves.size:
        shared = weights[overs.moves] / overs.product(reasons)
        weights[overs.moves] = np.floor(shared, out=shared)
    for m, r in mind.forbids:
        weights[m] *= 1 - reasons[r]
    legal = allowed(mind, cells, turn, results)
    weights *= legal
    legal[mind.barred[:-1]] = False
    return Weighing(weights, reasons, legal, results)


def allowed(mind: Mind, cells: Cells, turn: int, results: Sequence[Any]) -> Flags:
    """Which moves may be made at all, M x n: its ``when`` holds and it does not cool down."""
    legal = np.ones((len(mind.moves), cells.shape[1]), dtype=np.bool_)
    for m, k in mind.whens:
        legal[m] = results[k]
    if mind.cooling.size:
        last = cells[mind.played]
        legal[mind.cooling] &= (last == 0) | (last < turn - mind.pause)
    return legal


def choose(mind: Mind, weights: Floats, luck: Luck, turn: int) -> Ints:
    """One draw for each order of the turn, orders x n: the index of a move, or -1.

    A move that was drawn does not go back into the urn, except `hold`. A move that a policy
    forbids keeps its slips in the urn, and whoever draws one does nothing: so a policy makes no
    other move likelier by arithmetic, and two policies differ only where it matters.
    """
    n = weights.shape[1]
    orders = np.empty((len(mind.labels), n), dtype=np.int64)
    for k, label in enumerate(mind.labels):
        if k:
            weights = weights.copy()
            before = orders[k - 1]
            drawn = ((before != mind.hold) & (before != NO_MOVE)).nonzero()[0]
            weights[before[drawn], drawn] = 0
        orders[k] = draw(weights, luck.words(label, turn))
    if mind.barred.any():
        orders[mind.barred[orders]] = NO_MOVE
    return orders


def draw(weights: Floats, words: npt.NDArray[np.uint64]) -> Ints:
    """The index that each run's word picks from its urn (weights M x n), or -1 if it is empty."""
    if weights.shape[0] == 0:
        return np.full(weights.shape[1], NO_MOVE, dtype=np.int64)
    edges = _edges(weights)
    total = edges[-1]
    passed = edges <= below(words, total.astype(np.int32)).astype(edges.dtype)
    index: npt.NDArray[np.signedinteger[Any]]
    if len(edges) <= MOST_COUNTED:  # whole bytes are added many at a time
        index = passed.view(np.int8).sum(axis=0, dtype=np.int8)
    else:
        index = passed.sum(axis=0)
    return np.where(total > 0, index, NO_MOVE)


def _edges(weights: Floats) -> Floats:
    """The running totals of the weights, M x n."""
    if weights.shape[1] <= SMALL:
        return np.add.accumulate(weights, axis=0)
    edges = np.empty_like(weights)  # accumulate is slow along the short axis of a wide table
    edges[0] = weights[0]
    for before, weight, edge in zip(edges, weights[1:], edges[1:], strict=False):
        np.add(before, weight, out=edge)
    return edges
