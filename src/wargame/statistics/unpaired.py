"""What differs between two sets of runs that do not share their luck.

The same questions as `compare`, without its help: other seeds, so no pairs. Each difference has
Newcombe's interval, which joins the exact intervals of the two shares, and Fisher's exact p-value;
the mix of endings is tested by chi-square. Then the same rule decides: adjusted after Benjamini and
Yekutieli over all rows, and the interval that holds for all rows of a comparison on one side of 0
whatever the failed runs would have done.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from wargame.statistics import planning
from wargame.statistics.compare import (
    Comparison,
    Difference,
    Measured,
    Plan,
    Rule,
    Study,
    adjust,
    ratio,
)
from wargame.statistics.lazy import special, stats
from wargame.statistics.paired import Homogeneity
from wargame.statistics.result import FloatArray
from wargame.statistics.shares import critical, share_interval


@dataclass(frozen=True)
class Sample:
    """How the runs of one variant ended; n counts the failed ones, too."""

    variant: str
    n: int
    failed: int
    endings: Mapping[str, int]
    milestones: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Runs by ending and milestone."""
        return {**self.endings, **self.milestones}


@dataclass(frozen=True)
class Unpaired(Comparison):
    """A comparison of runs under different luck: `n` of the variant, `base_n` of the base."""

    base_n: int = 0


def newcombe(
    count: ArrayLike, n: ArrayLike, base_count: ArrayLike, base_n: ArrayLike, z: float
) -> tuple[FloatArray, FloatArray]:
    """The interval of count / n - base_count / base_n for independent samples; any shape.

    Newcombe's, over the exact intervals of both shares instead of Wilson's: where one of them is
    rare his is missed up to a third more often than promised, this never on the grid of the tests.
    """
    p = np.asarray(count, dtype=float) / np.asarray(n, dtype=float)
    q = np.asarray(base_count, dtype=float) / np.asarray(base_n, dtype=float)
    ends, base_ends = share_interval(count, n, z), share_interval(base_count, base_n, z)
    return square_and_add(p, *ends, q, *base_ends)


def square_and_add(
    p: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    q: ArrayLike,
    base_low: ArrayLike,
    base_high: ArrayLike,
) -> tuple[FloatArray, FloatArray]:
    """The interval of p - q from those of two independent shares; any shape.

    Source: Newcombe 1998, Statistics in Medicine 17:873, method 10.
    """
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    down = np.hypot(p - low, base_high - q)
    up = np.hypot(high - p, q - base_low)
    return p - q - down, p - q + up


def ratio_of_shares(
    count: ArrayLike, n: ArrayLike, base_count: ArrayLike, base_n: ArrayLike, z: float
) -> tuple[FloatArray, FloatArray]:
    """The interval of (count / n) / (base_count / base_n) for independent samples; any shape.

    Square-and-add on the logarithm over the exact intervals of both; from 0 where the variant has
    none, to infinity where the base has none.

    Source: Zou and Donner 2008, Statistics in Medicine 27:1693.
    """
    b, m, a, k = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (count, n, base_count, base_n))
    )
    (low, high), (base_low, base_high) = share_interval(b, m, z), share_interval(a, k, z)
    # Where one share is 0 its logarithm is no middle: the quotient of opposite ends is wide enough.
    both = (b > 0) & (a > 0)
    p, q = np.where(both, b / m, 1.0), np.where(both, a / k, 1.0)
    down = np.hypot(
        np.log(p / np.where(both, low, 1.0)), np.log(np.where(both, base_high, 1.0) / q)
    )
    up = np.hypot(np.log(np.where(both, high, 1.0) / p), np.log(q / np.where(both, base_low, 1.0)))
    most = np.divide(high, base_low, out=np.full(high.shape, np.inf), where=base_low > 0)
    return (
        np.where(both, p / q * np.exp(-down), low / base_high),
        np.where(both, p / q * np.exp(up), most),
    )


def homogeneity(base: Mapping[str, int], variant: Mapping[str, int]) -> Homogeneity:
    """Pearson's chi-square: is the mix of endings the same? Endings nobody had cost nothing."""
    table = np.array([[base[name], variant.get(name, 0)] for name in base], dtype=float)
    table = table[table.sum(axis=1) > 0]
    degrees = len(table) - 1
    if degrees < 1 or not table.sum(axis=0).all():
        return Homogeneity(statistic=0.0, degrees=0, p=1.0)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return Homogeneity(statistic, degrees, float(special().chdtrc(degrees, statistic)))


def unpaired_study(
    sides: Sequence[tuple[Sample, Sample]],
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    tolerance: float = 0.01,
) -> Study:
    """Several (base, variant), judged together. Outcomes that only one of them knows are left out.

    Raises ValueError if a side has no runs.
    """
    for base, variant in sides:
        if not (base.n and variant.n):
            raise ValueError(f"{variant.variant} or {base.variant} has no runs")
    names = [[name for name in base.counts if name in variant.counts] for base, variant in sides]
    mixes = [homogeneity(base.endings, variant.endings) for base, variant in sides]
    p = [
        [max(_exact(base, variant, name), mix.p if name in base.endings else 0.0) for name in known]
        for (base, variant), known, mix in zip(sides, names, mixes, strict=True)
    ]
    rule, adjusted = Rule.over(p, alpha, power, tolerance)
    mix_p = adjust([mix.p for mix in mixes]).tolist()
    return rule.study(
        Unpaired(
            base=base.variant,
            variant=variant.variant,
            n=variant.n,
            unpaired=base.n + variant.n,
            failed_base=base.failed,
            failed_variant=variant.failed,
            alpha=alpha,
            mix=mix,
            mix_p=moved,
            transitions=(),
            differences=tuple(
                _judged(
                    base,
                    variant,
                    name,
                    value,
                    next(adjusted),
                    len(known),
                    rule,
                    mix if name in base.endings else None,
                )
                for name, value in zip(known, values, strict=True)
            ),
            base_n=base.n,
        )
        for (base, variant), known, mix, moved, values in zip(
            sides, names, mixes, mix_p, p, strict=True
        )
    )


def _exact(base: Sample, variant: Sample, name: str) -> float:
    """Fisher's exact two-sided p-value for one outcome."""
    a, b = base.counts[name], variant.counts[name]
    return float(stats().fisher_exact([[a, base.n - a], [b, variant.n - b]]).pvalue)


def _judged(
    base: Sample,
    variant: Sample,
    name: str,
    p: float,
    adjusted_p: float,
    family: int,
    rule: Rule,
    mix: Homogeneity | None,
) -> Difference:
    """One outcome with its intervals and its verdict."""
    a, b = base.counts[name], variant.counts[name]
    # Failed runs at their worst: the base's all had it and the variant's none, or the reverse.
    for_base = np.array([a, a + base.failed, a])
    for_variant = np.array([b, b, b + variant.failed])
    z = critical(rule.alpha, family)
    low, high = newcombe(for_variant, variant.n, for_base, base.n, z)
    least, most = ratio_of_shares(for_variant, variant.n, for_base, base.n, z)
    alone = newcombe(b, variant.n, a, base.n, critical(rule.alpha))
    share, other = a / base.n, b / variant.n
    se = math.sqrt(share * (1 - share) / base.n + other * (1 - other) / variant.n)
    row = Measured(
        name=name,
        n=variant.n,
        base=share,
        variant=other,
        difference=other - share,
        se=se,
        unpaired_se=se,
        low=float(alone[0]),
        high=float(alone[1]),
        joint_low=float(low[0]),
        joint_high=float(high[0]),
        worst_low=float(low[1]),
        worst_high=float(high[2]),
        ratio=ratio(share, other),
        ratio_low=float(least[1]),
        ratio_high=float(most[2]),
        gained=None,
        lost=None,
        p=p,
    )
    return rule.judged(row, adjusted_p, _plans(row, base.n, adjusted_p, family, rule, mix))


def _plans(
    row: Measured,
    base_n: int,
    adjusted_p: float,
    family: int,
    rule: Rule,
    mix: Homogeneity | None,
) -> Iterator[Plan]:
    """How many more runs of each would bring a verdict if the truth were as seen: as in `compare`,
    to resolve a difference of this size, or to show that it is below the tolerance."""
    d, (by, joint) = abs(row.difference), rule.levels(adjusted_p, family)
    if d > 0:
        more = planning.more_to_resolve_unpaired(
            row.base, row.variant, base_n, row.n, critical(min(by, joint)), rule.power
        )
        # The gate's statistic grows with the runs of both; with the fewer, if the others wait.
        fewer = min(base_n, row.n)
        gate = 0 if mix is None else rule.through(mix, fewer, by) - fewer
        yield max(
            Plan(more, "direction", planning.RUNS_FORMULA),
            Plan(gate, "direction", planning.GATE_FORMULA),
        )
    if d < rule.tolerance:
        z = critical(joint)

        def enough(more: int) -> bool:
            error = math.sqrt(
                row.base * (1 - row.base) / (base_n + more)
                + row.variant * (1 - row.variant) / (row.n + more)
            )
            return planning.within(rule.tolerance, d, error, z) >= rule.power

        # Where neither has a case, the width that is left is that of a share never seen.
        unseen = planning.runs_to_see(rule.tolerance, joint / 2) - min(base_n, row.n)
        yield Plan(max(planning.least(enough), unseen), "bound", planning.BOUND_FORMULA)
