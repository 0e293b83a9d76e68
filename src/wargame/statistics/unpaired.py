"""What differs between two sets of runs that do not share their luck.

The same questions as `compare`, without its help: other seeds, so no pairs. Each difference has
Newcombe's interval, which joins the exact intervals of the two shares, and Fisher's exact p-value;
the mix of endings is tested by chi-square. Then the same rule decides: adjusted after Benjamini and
Yekutieli over all rows, and the interval that holds for all rows of a comparison on one side of 0
whatever the failed runs would have done.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from wargame.statistics.compare import Comparison, Difference, Study, adjust
from wargame.statistics.lazy import special, stats
from wargame.statistics.paired import Homogeneity
from wargame.statistics.planning import runs_per_arm_unpaired
from wargame.statistics.result import FloatArray
from wargame.statistics.shares import critical, share_interval
from wargame.statistics.verdict import Kind, Verdict

FORMULA = "runs = (z_α/2 + z_β)²·(p(1 − p) + q(1 − q)) / (p − q)²"


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
    tests = sum(map(len, p))
    adjusted = iter(adjust([value for rows in p for value in rows]).tolist())
    mix_p = adjust([mix.p for mix in mixes]).tolist()
    return Study(
        alpha=alpha,
        power=power,
        tolerance=tolerance,
        tests=tests,
        comparisons=tuple(
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
                    _judged(base, variant, name, value, next(adjusted), len(known), rule)
                    for name, value in zip(known, values, strict=True)
                ),
                base_n=base.n,
            )
            for (base, variant), known, mix, moved, values in zip(
                sides, names, mixes, mix_p, p, strict=True
            )
            for rule in [_Rule(alpha, power, tolerance, tests)]
        ),
    )


@dataclass(frozen=True)
class _Rule:
    """How a study decides."""

    alpha: float
    power: float
    tolerance: float
    tests: int


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
    rule: _Rule,
) -> Difference:
    """One outcome with its intervals and its verdict."""
    a, b = base.counts[name], variant.counts[name]
    # Failed runs at their worst: the base's all had it and the variant's none, or the reverse.
    for_base = [a, a + base.failed, a]
    for_variant = [b, b, b + variant.failed]
    low, high = newcombe(for_variant, variant.n, for_base, base.n, critical(rule.alpha, family))
    alone = newcombe(b, variant.n, a, base.n, critical(rule.alpha))
    worst_low, worst_high = float(low[1]), float(high[2])
    share, other = a / base.n, b / variant.n
    se = math.sqrt(share * (1 - share) / base.n + other * (1 - other) / variant.n)
    kind: Kind = "open"
    if adjusted_p <= rule.alpha and (worst_low > 0 or worst_high < 0):
        kind = "up" if worst_low > 0 else "down"
    elif max(-worst_low, worst_high) <= rule.tolerance:
        kind = "small"
    elif adjusted_p <= rule.alpha and (low[0] > 0 or high[0] < 0):
        kind = "masked"
    more, formula = None, ""
    if kind == "open" and share != other:
        level = rule.alpha / sum(1 / i for i in range(1, rule.tests + 1))
        needed = runs_per_arm_unpaired(
            share, other, alpha=level, power=rule.power, family=rule.tests
        )
        if needed > min(base.n, variant.n):
            more, formula = needed - min(base.n, variant.n), FORMULA
    return Difference(
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
        worst_low=worst_low,
        worst_high=worst_high,
        gained=None,
        lost=None,
        p=p,
        adjusted_p=adjusted_p,
        verdict=Verdict(
            name=name,
            kind=kind,
            difference=other - share,
            low=worst_low,
            high=worst_high,
            tolerance=rule.tolerance,
            n=variant.n,
            more=more,
            formula=formula,
        ),
    )
