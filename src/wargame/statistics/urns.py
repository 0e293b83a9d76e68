"""The exact chances of a forecast that is an urn: what will be drawn in so many draws?

Weights are M options x n urns, one urn a column. An option that was drawn does not go back, except
`returned`; so what one draw brings is no surprise for the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from wargame.statistics.result import FloatArray


def chance_of(weights: FloatArray, drawn: Sequence[int], returned: int | None = None) -> FloatArray:
    """The chance that just these options are drawn, in whatever order; one for each urn, n.

    drawn: indices of options, one for each draw; only `returned` may come twice.
    """
    found = np.zeros(weights.shape[1])
    for order in sorted(set(permutations(drawn))):
        left = weights.astype(float)
        chance = np.ones(weights.shape[1])
        for option in order:
            chance *= _shares(left)[option]
            if option != returned:
                left[option] = 0
        found += chance
    return found


def inclusion(weights: FloatArray, draws: int, returned: int | None = None) -> FloatArray:
    """The chance that each option is drawn at least once in so many draws, M x n."""
    first = _shares(weights)
    if draws == 1:
        return first
    if draws == 2:
        # m comes second after j with chance p_j * p_m / (1 - p_j), or p_j * p_m if j went back.
        rest = 1 - first
        before = np.divide(first, rest, out=np.zeros_like(first), where=rest > 0)
        if returned is not None:
            before[returned] = first[returned]
        found: FloatArray = first * (1 + before.sum(axis=0) - before)
        return found
    found = first.copy()
    for option in range(len(weights)):
        left = weights.astype(float)
        if option != returned:
            left[option] = 0
        after = first[option] * inclusion(left, draws - 1, returned)
        after[option] = 0  # it has come already
        found += after
    return found


def _shares(weights: FloatArray) -> FloatArray:
    """Weights as shares of their urn; an empty urn gives nothing."""
    total = weights.sum(axis=0)
    shares: FloatArray = np.divide(weights, total, out=np.zeros(weights.shape), where=total > 0)
    return shares
