"""Tests and intervals for pairs of yes-no outcomes and for whole tables of pairs.

Notation: of n pairs, `gained` had the outcome only under the variant, `lost` only under the
base. Only these discordant pairs carry news; the rest agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from wargame.statistics.lazy import special
from wargame.statistics.result import BoolArray, FloatArray, IntArray, Result
from wargame.statistics.shares import share_interval

# Halvings of [-1, 1]: enough for the last bit of a float near 0.001.
BISECTIONS = 64


def mcnemar(gained: ArrayLike, lost: ArrayLike) -> FloatArray:
    """Exact two-sided p-value that a discordant pair is as likely to go either way.

    2 P(X <= min(gained, lost)) with X binomial(gained + lost, 1/2), at most 1; 1 without
    discordant pairs. Equal to `scipy.stats.binomtest`, for arrays of any shape.

    Source: McNemar 1947, Psychometrika 12:153, in its exact form.
    """
    b, c = np.broadcast_arrays(np.asarray(gained), np.asarray(lost))
    tail = special().bdtr(np.minimum(b, c).astype(float), b + c, 0.5)
    return np.asarray(np.minimum(1.0, 2 * np.asarray(tail, dtype=float)))


def difference_interval(
    gained: ArrayLike, lost: ArrayLike, n: ArrayLike, z: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Tango's score interval for (gained - lost) / n; arrays of any (broadcast) shape.

    All d with |gained - lost - n d| <= z sqrt(n (2q + d(1 - d))), where q is the likeliest share
    of `lost` if the difference is d: the larger root of
    2n q² + ((2n - gained + lost) d - gained - lost) q - lost d (1 - d) = 0.
    Unlike d ± z·SE it keeps its coverage, also at the far quantiles of simultaneous intervals,
    when few pairs or none are discordant: then it is ± z² / (n + z²), not ± 0.
    n = 0 gives (-1, 1).

    Source: Tango 1998, Statistics in Medicine 17:891.
    """
    b, c, m, q = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (gained, lost, n, z)))
    # The lower end is the upper end of the mirrored pairs.
    minus_lower, upper = _upper_limit(np.stack([c, b]), np.stack([b, c]), m, q)
    return -minus_lower, upper


def _upper_limit(b: FloatArray, c: FloatArray, n: FloatArray, z: FloatArray) -> FloatArray:
    """The largest difference not rejected, by bisection between the estimate and 1."""
    empty = n <= 0
    n = np.where(empty, 1.0, n)
    low, high = (b - c) / n, np.ones_like(b)
    for _ in range(BISECTIONS):
        d = (low + high) / 2
        linear = (2 * n - b + c) * d - b - c
        q = (np.sqrt(linear * linear + 8 * n * c * d * (1 - d)) - linear) / (4 * n)
        spread = np.sqrt(np.maximum(0.0, n * (2 * q + d * (1 - d))))
        keep = n * d - (b - c) <= z * spread
        low, high = np.where(keep, d, low), np.where(keep, high, d)
    return np.where(empty, 1.0, low)


def ratio_interval(
    both: ArrayLike, gained: ArrayLike, lost: ArrayLike, z: float
) -> tuple[FloatArray, FloatArray]:
    """The interval of (both + gained) / (both + lost), a ratio of paired shares; any shape.

    Each share among the pairs with the outcome at all gets an interval at a z lowered so that the
    quotient of opposite ends has the width of the ratio; 0 to infinity where nothing is known.

    Source: Bonett and Price 2006, Statistics in Medicine 25:3039, with exact intervals for
    Wilson's, which where cases are few is missed up to three times as often as promised.
    """
    a, b, c = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (both, gained, lost)))
    variant, base, n = a + b, a + c, a + b + c
    width = np.sqrt((b + c + 2) / ((variant + 1) * (base + 1)))
    widths = [np.sqrt((1 - (k + 1) / (n + 2)) / (k + 1)) for k in (variant, base)]
    at = np.asarray(z * width / (widths[0] + widths[1]))
    low, high = share_interval(variant, n, at)
    base_low, base_high = share_interval(base, n, at)
    least = np.divide(low, base_high, out=np.zeros_like(low), where=base_high > 0)
    most = np.divide(high, base_low, out=np.full_like(high, np.inf), where=base_low > 0)
    return least, most


@dataclass(frozen=True)
class Homogeneity(Result):
    """Did the mix of outcomes move at all? Chi-square statistic, degrees of freedom, p-value."""

    statistic: float
    degrees: int
    p: float


def stuart_maxwell(table: ArrayLike) -> Homogeneity:
    """Test that both margins of a square table of pairs are equal.

    d' V⁻ d with d the row sums less the column sums, V_ii = row_i + column_i - 2 n_ii,
    V_ij = -(n_ij + n_ji). V is the Laplacian of the graph of discordant pairs: its rank is the
    number of categories less the number of its connected parts, so categories nobody entered or
    left, and parts that exchange nothing with each other, cost no degree of freedom. Without
    discordant pairs p = 1.

    Source: Stuart 1955, Biometrika 42:412; Maxwell 1970, British J. Psychiatry 116:651.
    """
    counts = np.asarray(table, dtype=float)
    moved = counts + counts.T
    np.fill_diagonal(moved, 0.0)
    d = counts.sum(axis=1) - counts.sum(axis=0)
    covariance = np.diag(moved.sum(axis=1)) - moved
    degrees = len(d) - _connected_parts(moved > 0)
    if degrees == 0:
        return Homogeneity(statistic=0.0, degrees=0, p=1.0)
    statistic = float(d @ np.linalg.pinv(covariance, hermitian=True) @ d)
    return Homogeneity(statistic, degrees, float(special().chdtrc(degrees, statistic)))


def _connected_parts(linked: BoolArray) -> int:
    """The number of connected parts of an undirected graph, given as a symmetric matrix."""
    reach = linked | np.eye(len(linked), dtype=bool)
    for _ in range(len(linked).bit_length()):
        reach = reach @ reach
    return len(np.unique(reach, axis=0))


@dataclass(frozen=True)
class RatioDifference(Result):
    """The difference of an outcome's share given a condition, between two variants.

    base, variant: the two shares (not a number if the condition never occurred);
    ratio_low, ratio_high: the interval of variant / base;
    se: delta-method standard error of their difference; unpaired_se: what it would be without
    the pairing; low, high: interval; p: two-sided.
    """

    base: float
    variant: float
    difference: float
    se: float
    unpaired_se: float
    low: float
    high: float
    ratio_low: float
    ratio_high: float
    p: float


def ratio_difference(table: IntArray, z: float) -> RatioDifference:
    """How far a share-given-a-condition moved, from a 3 x 3 table of pairs.

    table: pairs by state of the base (rows) and the variant (columns): OUTSIDE the condition,
    GIVEN it but without the outcome, BOTH. Each side's share is R = A/G, a ratio of two counts
    that vary together, over runs and across the pair. A run contributes (a - R g) / (G/n) to R,
    so the difference has SE² = sum of (variant's - base's contribution)² / n².

    The interval and the p-value come from a table to which z²/4 cases with and as many without
    the outcome are added on each side: at 95 % one of each, as Agresti and Caffo do for two
    independent shares. Without it a count of 0 would claim certainty.

    Source: delta method (van der Vaart 1998, ch. 3); Agresti and Caffo 2000, American
    Statistician 54:280.
    """
    counts = np.asarray(table, dtype=float)
    base, variant, se, unpaired, _ = _ratios(counts)
    low, high, times, _ = _ratio_interval(counts, z)
    p = _ratio_interval(counts, 1.959964)[3]
    return RatioDifference(base, variant, variant - base, se, unpaired, low, high, *times, p)


def _ratio_interval(
    counts: FloatArray, z: float
) -> tuple[float, float, tuple[float, float], float]:
    """Low, high, the ends of the ratio (from its logarithm) and p-value from the table with z²/4
    made-up cases of each kind on each side."""
    extra = z * z / 4
    padded = counts + np.array([[0, extra, extra], [extra, 0, 0], [extra, 0, 0]])
    base, variant, se, _, log_se = _ratios(padded)
    difference, times = variant - base, variant / base
    p = float(2 * special().ndtr(-abs(difference) / se))
    ends = times * math.exp(-z * log_se), times * math.exp(z * log_se)
    return max(-1.0, difference - z * se), min(1.0, difference + z * se), ends, p


def _ratios(counts: FloatArray) -> tuple[float, float, float, float, float]:
    """R of the base, R of the variant, SE of their difference, SE if they were not paired, SE of
    the logarithm of their ratio (not a number if one of them is 0)."""
    given = np.array([0.0, 1.0, 1.0])
    outcome = np.array([0.0, 0.0, 1.0])
    sides, weights = [], [counts.sum(axis=1), counts.sum(axis=0)]
    for weight in weights:
        size = weight @ given
        if size == 0:
            return (math.nan,) * 5
        ratio = weight @ outcome / size
        sides.append((ratio, (outcome - ratio * given) / size))
    (base, of_base), (variant, of_variant) = sides
    joint = of_variant[None, :] - of_base[:, None]
    paired = float(np.sqrt((counts * joint**2).sum()))
    alone = float(np.sqrt(weights[0] @ of_base**2 + weights[1] @ of_variant**2))
    log_se = math.nan
    if base and variant:
        relative = of_variant[None, :] / variant - of_base[:, None] / base
        log_se = float(np.sqrt((counts * relative**2).sum()))
    return float(base), float(variant), paired, alone, log_se
