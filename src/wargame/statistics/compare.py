"""What a variant changes: paired differences, their intervals, and a verdict on each.

The steps, in order:

1. every ending, milestone and `outcome|condition` gets its paired difference, an exact McNemar
   p-value and an interval that holds for all of them together (Bonferroni over the rows);
2. the Stuart-Maxwell test asks whether the variant moved the mix of endings at all. An ending
   cannot be more certain than the mix: its p-value becomes the larger of the two;
3. over all variants and rows of a study the p-values are adjusted after Benjamini and Yekutieli,
   whose rule for the share of false discoveries stands whatever the dependence, and endings
   do depend on each other;
4. a verdict: resolved if the adjusted p-value is at most alpha *and* the interval of step 1 is on
   one side of 0 whatever the failed runs would have done.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from wargame.errors import counted
from wargame.statistics import planning
from wargame.statistics.lazy import special, stats
from wargame.statistics.paired import (
    Homogeneity,
    RatioDifference,
    difference_interval,
    mcnemar,
    ratio_difference,
    ratio_interval,
    stuart_maxwell,
)
from wargame.statistics.pairs import BOTH, GIVEN, LOST, NO, OUTSIDE, UNKNOWN, YES, Pairs
from wargame.statistics.result import FloatArray, IntArray, Result, say, whole
from wargame.statistics.shares import FAILED, critical
from wargame.statistics.verdict import Aim, Kind, Verdict


@dataclass(frozen=True)
class Measured(Result):
    """One outcome's share under base and variant, and their paired difference.

    se: standard error of the difference; unpaired_se: what it would be without the pairing;
    low, high: the interval of this row alone; joint_low, joint_high: all rows together;
    worst_low, worst_high: the joint interval whatever the failed runs would have done;
    ratio: variant as a multiple of base, infinite if the base has none, not a number if neither
        has; ratio_low, ratio_high: its interval, of the same kind as worst_low and worst_high;
    gained, lost: pairs with the outcome only under the variant, only under the base (None for a
    share given a condition); p: two-sided, of this row alone.
    """

    NAMES = ("name",)

    name: str
    n: int
    base: float
    variant: float
    difference: float
    se: float
    unpaired_se: float
    low: float
    high: float
    joint_low: float
    joint_high: float
    worst_low: float
    worst_high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    gained: int | None
    lost: int | None
    p: float

    @property
    def pairing(self) -> float:
        """How many times as many runs the same precision would take without the pairing.

        The ratio of variances; infinite if the pairs never differ, 1 if pairing gains nothing.
        """
        if self.se == 0:
            return math.inf if self.unpaired_se > 0 else 1.0
        return (self.unpaired_se / self.se) ** 2


@dataclass(frozen=True)
class Difference(Measured):
    """A measured difference with its place among all rows of the study, and the verdict."""

    ALSO = ("pairing",)

    adjusted_p: float
    verdict: Verdict

    def words(self, lang: str = "en") -> str:
        """The verdict in a sentence."""
        return self.verdict.words(lang)


@dataclass(frozen=True)
class Transition(Result):
    """Pairs that ended in `base` under the base and in `variant` under the variant, and back."""

    NAMES = ("base", "variant")

    base: str
    variant: str
    count: int
    back: int

    def words(self, lang: str = "en") -> str:
        """`Korea → KABOOM 41, back 12`."""
        return say(
            lang,
            en=f"{self.base} → {self.variant} {whole(self.count)}, back {whole(self.back)}",
            ja=f"{self.base} → {self.variant} {whole(self.count)}（逆{whole(self.back)}）",
        )


@dataclass(frozen=True)
class Comparison(Result):
    """One variant against the base. `mix_p` is the Stuart-Maxwell p adjusted over variants."""

    NAMES = ("base", "variant")

    base: str
    variant: str
    n: int
    unpaired: int
    failed_base: int
    failed_variant: int
    alpha: float
    mix: Homogeneity
    mix_p: float
    transitions: tuple[Transition, ...]
    differences: tuple[Difference, ...]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __getitem__(self, name: str) -> Difference:
        return {row.name: row for row in self.differences}[name]

    @property
    def mix_moved(self) -> bool:
        """Whether the mix of endings is established to have moved."""
        return self.mix_p <= self.alpha

    def words(self, lang: str = "en") -> str:
        """A heading and one line for each outcome."""
        heading = say(
            lang,
            en=f"{self.variant} against {self.base}, {counted(self.n, 'pair')} of model runs",
            ja=f"{self.base}に対する{self.variant}、モデル実行{whole(self.n)}組",
        )
        moved = (
            say(lang, en="the mix of endings moved", ja="結末の構成は変化した")
            if self.mix_moved
            else say(
                lang,
                en="the mix of endings is not shown to move",
                ja="結末の構成が変化したとは言えない",
            )
        )
        colon = say(lang, en=": ", ja="：")
        lines = [f"{heading}{colon}{moved} (p = {self.mix_p:.2g})"]
        if self.failed_base or self.failed_variant:
            lines.append(
                say(
                    lang,
                    en=f"failed runs: {self.failed_base} and {self.failed_variant}",
                    ja=f"失敗した実行：{self.failed_base}回と{self.failed_variant}回",
                )
            )
        return "\n".join([*lines, *(row.words(lang) for row in self.differences)])


@dataclass(frozen=True)
class Study(Result):
    """Several variants against one base, judged together."""

    alpha: float
    power: float
    tolerance: float
    tests: int
    comparisons: tuple[Comparison, ...]

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.comparisons)

    def __getitem__(self, variant: str) -> Comparison:
        return {one.variant: one for one in self.comparisons}[variant]

    def words(self, lang: str = "en") -> str:
        """Every comparison, separated by an empty line."""
        return "\n\n".join(comparison.words(lang) for comparison in self.comparisons)


def adjust(p: ArrayLike) -> FloatArray:
    """Benjamini-Yekutieli adjusted p-values, shape as given.

    Calling all with an adjusted p of at most alpha keeps the expected share of false discoveries
    at alpha under any dependence. Source: Benjamini and Yekutieli 2001, Ann. Statist. 29:1165.
    """
    values = np.asarray(p, dtype=float)
    if not values.size:
        return values
    adjusted: FloatArray = stats().false_discovery_control(values, axis=None, method="by")
    return adjusted.reshape(values.shape)


def compare(
    pairs: Pairs,
    *,
    names: Iterable[str] | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    tolerance: float = 0.01,
) -> Comparison:
    """One variant against its base: a study of one. See `study`."""
    found = study([pairs], names=names, alpha=alpha, power=power, tolerance=tolerance)
    return found.comparisons[0]


def study(
    variants: Sequence[Pairs],
    *,
    names: Iterable[str] | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    tolerance: float = 0.01,
) -> Study:
    """Several variants against the base, as the module's text says.

    names: the outcomes to report; left out, all that each variant has.
    alpha: error rate of intervals and of false discoveries; power: for planning more runs;
    tolerance: the smallest difference that matters, as a share (0.01 is one point).
    Raises KeyError for an unknown name, ValueError for variants without a pair of runs.
    """
    wanted = None if names is None else tuple(names)
    for pairs in variants:
        if pairs.n == 0:
            raise ValueError(f"{pairs.variant} and {pairs.base} share no run")
    rows = [_measure(pairs, wanted or pairs.names, alpha) for pairs in variants]
    mixes = [stuart_maxwell(pairs.transitions[:-1, :-1]) for pairs in variants]
    gated = [
        [max(row.p, mix.p) if row.name in pairs.endings else row.p for row in of_variant]
        for of_variant, mix, pairs in zip(rows, mixes, variants, strict=True)
    ]
    rule, adjusted = Rule.over(gated, alpha, power, tolerance)
    mix_p = adjust([mix.p for mix in mixes]).tolist()
    return rule.study(
        Comparison(
            base=pairs.base,
            variant=pairs.variant,
            n=pairs.n,
            unpaired=pairs.unpaired,
            failed_base=int(pairs.transitions[-1].sum()),
            failed_variant=int(pairs.transitions[:, -1].sum()),
            alpha=alpha,
            mix=mix,
            mix_p=moved,
            transitions=transitions(pairs),
            differences=tuple(
                rule.judge(
                    row,
                    next(adjusted),
                    len(of_variant),
                    mix if row.name in pairs.endings else None,
                )
                for row in of_variant
            ),
        )
        for pairs, mix, moved, of_variant in zip(variants, mixes, mix_p, rows, strict=True)
    )


def transitions(pairs: Pairs) -> tuple[Transition, ...]:
    """Every two endings that exchanged pairs, the larger flow first, most pairs first."""
    names = (*pairs.endings, FAILED)
    moved = pairs.transitions
    found = []
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        there, back = int(moved[i, j]), int(moved[j, i])
        if there >= back:
            found.append(Transition(names[i], names[j], there, back))
        else:
            found.append(Transition(names[j], names[i], back, there))
    found.sort(key=lambda flow: -(flow.count + flow.back))
    return tuple(flow for flow in found if flow.count)


def ratio(base: float, variant: float) -> float:
    """`variant` as a multiple of `base`; infinite for a multiple of nothing."""
    if base:
        return variant / base
    return math.inf if variant else math.nan


def _measure(pairs: Pairs, names: Sequence[str], alpha: float) -> list[Measured]:
    """All rows of one variant, in the order of `names`; their joint intervals hold together."""
    alone, joint = critical(alpha), critical(alpha, len(names))
    plain_names = [name for name in names if "|" not in name]
    rows = {row.name: row for row in _plain_rows(pairs, plain_names, alone, joint)}
    return [rows.get(name) or _ratio_row(pairs, name, alone, joint) for name in names]


def _plain_rows(pairs: Pairs, names: Sequence[str], alone: float, joint: float) -> list[Measured]:
    """Endings and milestones, all at once. A failed run counts as not having them."""
    if not names:
        return []
    n, tables = pairs.n, np.array([pairs.table(name) for name in names])
    base, variant = tables[:, YES].sum(axis=1), tables[:, :, YES].sum(axis=1)
    gained, lost = variant - tables[:, YES, YES], base - tables[:, YES, YES]
    # Failed runs at their worst: the base's all had it and the variant's none, or the reverse.
    worst_gained, best_lost = tables[:, NO, YES], tables[:, YES, NO]
    worst_lost = lost + tables[:, LOST, NO] + tables[:, LOST, LOST]
    best_gained = gained + tables[:, NO, LOST] + tables[:, LOST, LOST]
    low, high = difference_interval(
        [gained, gained, worst_gained, best_gained],
        [lost, lost, worst_lost, best_lost],
        n,
        [[alone], [joint], [joint], [joint]],
    )
    # The ratio, likewise: what both had, with the failed of the other side added.
    least, most = ratio_interval(
        [tables[:, YES, YES] + tables[:, LOST, YES], tables[:, YES, YES] + tables[:, YES, LOST]],
        [worst_gained, best_gained],
        [worst_lost, best_lost],
        joint,
    )
    p, q, d = base / n, variant / n, (gained - lost) / n
    se = np.sqrt(np.maximum(0.0, (gained + lost) / n - d * d) / n)
    unpaired_se = np.sqrt((p * (1 - p) + q * (1 - q)) / n)
    exact = mcnemar(gained, lost)
    return [
        Measured(
            name=name,
            n=n,
            base=float(p[i]),
            variant=float(q[i]),
            difference=float(d[i]),
            se=float(se[i]),
            unpaired_se=float(unpaired_se[i]),
            low=float(low[0, i]),
            high=float(high[0, i]),
            joint_low=float(low[1, i]),
            joint_high=float(high[1, i]),
            worst_low=float(low[2, i]),
            worst_high=float(high[3, i]),
            ratio=ratio(float(p[i]), float(q[i])),
            ratio_low=float(least[0, i]),
            ratio_high=float(most[1, i]),
            gained=int(gained[i]),
            lost=int(lost[i]),
            p=float(exact[i]),
        )
        for i, name in enumerate(names)
    ]


def _ratio_row(pairs: Pairs, name: str, alone: float, joint: float) -> Measured:
    """A share given a condition. A failed run counts as outside the condition."""
    table = pairs.table(name)

    def read(base: int, variant: int, at: float) -> RatioDifference:
        return ratio_difference(_fold(table, base, variant), at)

    single, together = read(OUTSIDE, OUTSIDE, alone), read(OUTSIDE, OUTSIDE, joint)
    # A failed run can harm most inside the condition; where none failed these change nothing.
    worst, best = read(BOTH, GIVEN, joint), read(GIVEN, BOTH, joint)
    return Measured(
        name=name,
        n=pairs.n,
        base=single.base,
        variant=single.variant,
        difference=single.difference,
        se=single.se,
        unpaired_se=single.unpaired_se,
        low=single.low,
        high=single.high,
        joint_low=together.low,
        joint_high=together.high,
        worst_low=min(together.low, worst.low),
        worst_high=max(together.high, best.high),
        ratio=ratio(single.base, single.variant),
        ratio_low=min(together.ratio_low, worst.ratio_low),
        ratio_high=max(together.ratio_high, best.ratio_high),
        gained=None,
        lost=None,
        p=1.0 if math.isnan(single.difference) else single.p,
    )


def _fold(table: IntArray, base: int, variant: int) -> IntArray:
    """The 4 x 4 table with UNKNOWN read as the state `base` in rows, `variant` in columns."""
    folded = np.zeros((3, 3), dtype=np.int64)
    rows, columns = [OUTSIDE, GIVEN, BOTH, base], [OUTSIDE, GIVEN, BOTH, variant]
    assert len(rows) - 1 == UNKNOWN
    np.add.at(folded, np.ix_(rows, columns), table)
    return folded


@dataclass(frozen=True)
class Rule:
    """How a study decides. found: of its `tests`, how many have an adjusted p of alpha or less."""

    alpha: float
    power: float
    tolerance: float
    tests: int
    found: int

    @classmethod
    def over(
        cls, p: Sequence[Sequence[float]], alpha: float, power: float, tolerance: float
    ) -> tuple[Rule, Iterator[float]]:
        """The rule over all rows of all variants, and their adjusted p-values one by one."""
        adjusted = adjust([one for rows in p for one in rows])
        found = int((adjusted <= alpha).sum())
        return cls(alpha, power, tolerance, adjusted.size, found), iter(adjusted.tolist())

    def study(self, comparisons: Iterable[Comparison]) -> Study:
        """What was decided by it."""
        return Study(self.alpha, self.power, self.tolerance, self.tests, tuple(comparisons))

    def levels(self, adjusted_p: float, family: int) -> tuple[float, float]:
        """The p that a row needs by Benjamini and Yekutieli, the other rows staying as they are,
        and the level at which its interval has to leave out 0."""
        rank = self.found + (adjusted_p > self.alpha)
        by = self.alpha * rank / (self.tests * sum(1 / i for i in range(1, self.tests + 1)))
        return min(by, self.alpha), self.alpha / family

    def kind(self, row: Measured, adjusted_p: float) -> Kind:
        """The verdict in one word."""
        low, high = row.worst_low, row.worst_high
        if math.isnan(row.difference):
            return "void"
        if adjusted_p <= self.alpha and (low > 0 or high < 0):
            return "up" if low > 0 else "down"
        if max(-low, high) <= self.tolerance:
            return "small"
        if adjusted_p <= self.alpha and (row.joint_low > 0 or row.joint_high < 0):
            return "masked"
        return "open"

    def judged(self, row: Measured, adjusted_p: float, plans: Iterable[Plan]) -> Difference:
        """`row` with its verdict. plans: how an open one could be settled; the shortest counts."""
        kind = self.kind(row, adjusted_p)
        # A plan already met, and yet no verdict: the case is on the edge.
        useful = [plan for plan in plans if 0 < plan.more < planning.BEYOND]
        plan = min(useful, default=NO_PLAN) if kind == "open" else NO_PLAN
        verdict = Verdict(
            name=row.name,
            kind=kind,
            difference=row.difference,
            low=row.worst_low,
            high=row.worst_high,
            tolerance=self.tolerance,
            n=row.n,
            base=row.base,
            ratio=row.ratio,
            ratio_low=row.ratio_low,
            ratio_high=row.ratio_high,
            more=plan.more or None,
            aim=plan.aim,
            power=self.power,
            formula=plan.formula,
        )
        values = {field.name: getattr(row, field.name) for field in fields(row)}
        return Difference(**values, adjusted_p=adjusted_p, verdict=verdict)

    def judge(
        self, row: Measured, adjusted_p: float, family: int, mix: Homogeneity | None
    ) -> Difference:
        """A row of pairs with its verdict.

        family: how many rows share its joint interval; mix: the gate it has to pass, if any.
        """
        return self.judged(row, adjusted_p, self._plans(row, adjusted_p, family, mix))

    def _plans(
        self, row: Measured, adjusted_p: float, family: int, mix: Homogeneity | None
    ) -> Iterator[Plan]:
        """How many pairs would bring a verdict if the truth were as seen.

        Two ways lead there: to resolve a difference of the size seen; or, if it is below the
        tolerance, to show that the true one is as well. A difference of 0 is never resolved.
        """
        d, (by, joint) = abs(row.difference), self.levels(adjusted_p, family)
        if d > 0:
            pairs, formula = self._to_resolve(row, d, by, joint, mix)
            yield Plan(pairs - row.n, "direction", formula)
        if d < self.tolerance:
            z, variance = critical(joint), row.n * row.se**2
            pairs = planning.runs_for_bound(self.tolerance, d, variance, z, self.power)
            yield Plan(pairs - row.n, "bound", planning.BOUND_FORMULA)

    def _to_resolve(
        self, row: Measured, d: float, by: float, joint: float, mix: Homogeneity | None
    ) -> tuple[int, str]:
        """Pairs that resolve a difference of size d, through the gate `mix` as well."""
        level = min(by, joint)
        if row.gained is None or row.lost is None:
            z = critical(level) + NormalDist().inv_cdf(self.power)
            return math.ceil(row.n * (z * row.se / d) ** 2), planning.RATIO_FORMULA
        pairs = planning.pairs_for_difference(
            d, (row.gained + row.lost) / row.n, alpha=level, power=self.power
        )
        gate = 0 if mix is None else self.through(mix, row.n, by)
        return max((pairs, planning.PAIRS_FORMULA), (gate, planning.GATE_FORMULA))

    def through(self, mix: Homogeneity, n: int, level: float) -> int:
        """Runs, or pairs, in which the mix of endings is seen to move, if it moves as in n."""
        if not mix.statistic:
            return planning.BEYOND
        needed = float(special().chdtri(mix.degrees, level))
        noncentral = float(special().chndtrinc(needed, mix.degrees, 1 - self.power))
        return math.ceil(n * noncentral / mix.statistic)


@dataclass(frozen=True, order=True)
class Plan:
    """So many more runs, what will then be known with the study's power, and how it is reckoned."""

    more: int
    aim: Aim
    formula: str


NO_PLAN = Plan(0, "", "")
