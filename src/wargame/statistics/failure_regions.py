"""Where it goes wrong: regions of the unknowns in which an outcome is frequent, in plain words.

A region is found on one half of the runs and judged on the other, so that its figures are not
flattered by the search. Limits that the second half does not support are dropped; a region whose
excess it does not support, or that is no worse than the runs as a whole, is not reported. Then
everything is repeated on random halves of both halves, dropping of limits included, to see whether
the region comes back: with half the runs, so a region that only just stands out will often not.

Where nature decides as well, no region reaches a share of 1. What matters is how far it stands
above the overall share, and the path from large to dense boxes is given, so that nobody has to
trust the one chosen here.

Source: scenario discovery, Bryant and Lempert 2010, Technol. Forecast. Soc. Change 77:34; the
method itself is in `prim`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from wargame.errors import counted
from wargame.statistics.prim import Box, induce
from wargame.statistics.result import FloatArray, Result, decimals, interval, percent, say, whole
from wargame.statistics.shares import critical, share_interval

Titles = Mapping[str, Mapping[str, str]]

# A resample has found the region again if the two boxes agree on which runs are inside, beyond
# chance, at least so well: Cohen's kappa. Half-way from chance to identity is our assumption: it
# lies in the "moderate" of Landis and Koch 1977, Biometrics 33:159.
SAME_REGION = 0.5


@dataclass(frozen=True)
class Limit(Result):
    """One side of a region.

    p: one-sided, that the runs just beyond this side have the outcome as often as those inside
        (second half); kept: share of resamples that limit the same side; earliest, latest: the
        10 % and 90 % points of where they put it (None if none did).
    """

    unknown: str
    title: Mapping[str, str]
    bound: Literal["at least", "at most"]
    value: float
    p: float
    kept: float
    earliest: float | None
    latest: float | None


@dataclass(frozen=True)
class Step(Result):
    """One box on the path from all runs to dense ones, on the half that was searched."""

    mass: float
    coverage: float
    density: float
    unknowns: tuple[str, ...]


@dataclass(frozen=True)
class Region(Result):
    """A box of the unknowns. All shares are of the second half, which was not searched.

    mass: share of runs inside; coverage: share of all cases of the outcome inside; density: share
    of the runs inside that have it, with its interval; p: one-sided, that the box as first found
    is like the rest; again: share of resamples that found it again; agreement: mean agreement
    with their boxes (kappa); trajectory and chosen: the path, and which of its boxes was refined
    into this one.
    """

    limits: tuple[Limit, ...]
    mass: float
    coverage: float
    density: float
    low: float
    high: float
    p: float
    again: float
    agreement: float
    resamples: int
    trajectory: tuple[Step, ...]
    chosen: int

    def where(self, lang: str = "en") -> str:
        """The limits in words: `nato.resolve at most 420 and russia.loss_gap 610 or more`."""
        sides: dict[str, dict[str, Limit]] = {}
        for limit in self.limits:
            sides.setdefault(limit.unknown, {})[limit.bound] = limit
        parts = []
        for unknown, by_bound in sides.items():
            any_side = next(iter(by_bound.values()))
            title = any_side.title.get(lang) or any_side.title.get("en") or unknown
            low = f"{by_bound['at least'].value:g}" if "at least" in by_bound else ""
            high = f"{by_bound['at most'].value:g}" if "at most" in by_bound else ""
            if low and high:
                parts.append(
                    say(lang, en=f"{title} between {low} and {high}", ja=f"{title}が{low}～{high}")
                )
            elif low:
                parts.append(say(lang, en=f"{title} at least {low}", ja=f"{title}が{low}以上"))
            else:
                parts.append(say(lang, en=f"{title} at most {high}", ja=f"{title}が{high}以下"))
        return say(lang, en=" and ", ja="かつ").join(parts)


@dataclass(frozen=True)
class FailureRegions(Result):
    """The regions found, the most telling first; each counts only runs outside the earlier ones.

    overall: share of all runs that have the outcome; judged: runs in the second half.
    """

    outcome: str
    n: int
    judged: int
    overall: float
    regions: tuple[Region, ...]

    def __iter__(self) -> Iterator[Region]:
        return iter(self.regions)

    @property
    def coverage(self) -> float:
        """The share of all cases that the regions hold together."""
        return sum(region.coverage for region in self.regions)

    def words(self, lang: str = "en") -> str:
        """One sentence for each region, or that there is none."""
        name, runs = self.outcome, whole(self.n)
        if not self.regions:
            return say(
                lang,
                en=f"{name}: no region of the unknowns stands out in "
                f"{counted(self.n, 'model run')}",
                ja=f"{name}：モデル実行{runs}回では、突出した領域は見つからない",
            )
        return "\n".join(self._sentence(region, lang) for region in self.regions)

    def _sentence(self, region: Region, lang: str) -> str:
        places = max(0, decimals(50 * (region.high - region.low)) - 1)
        inside = percent(region.density, places)
        between = interval(region.low, region.high, lang, places)
        overall = percent(self.overall, decimals(50 * self.overall))
        mass, covered = percent(region.mass, 0), percent(region.coverage, 0)
        again, of = round(region.again * region.resamples), region.resamples
        text = say(
            lang,
            en=f"{region.where(lang)}: {self.outcome} in {inside} of the model runs there "
            f"({between}), {overall} overall; {covered} of its cases in {mass} of the runs",
            ja=f"{region.where(lang)}：そこではモデル実行の{inside}が{self.outcome}"
            f"（{between}）、全体では{overall}。実行の{mass}に事例の{covered}が集まる",
        )
        if not of:
            return text
        return text + say(
            lang,
            en=f"; found again in {again} of {of} random halves",
            ja=f"。無作為に選んだ半数の実行{of}組中{again}組で再発見",
        )


def failure_regions(
    unknowns: Mapping[str, ArrayLike],
    outcome: ArrayLike,
    *,
    name: str,
    titles: Titles | None = None,
    most: int = 3,
    fraction: float = 0.05,
    least: float = 0.05,
    alpha: float = 0.05,
    resamples: int = 20,
    seed: int = 0,
) -> FailureRegions:
    """Find the regions of the unknowns in which the outcome is frequent.

    unknowns: the value drawn for each run, by name, each of shape (runs,), whole numbers or not.
    outcome: whether each run had it (0 or 1), or the share of several runs with the same
        unknowns, in 0..1, shape (runs,).
    titles: what people call each unknown, {name: {"en": ..., "ja": ...}}.
    most: regions at most; fraction: how patiently to peel; least: smallest share of the runs that
        a region may hold; alpha: for limits and regions; resamples: 0 skips them; seed: of the
        split and the resamples.
    Raises ValueError for no unknowns, unequal lengths, fewer than 40 runs, or an outcome outside
    0..1.
    """
    names = tuple(unknowns)
    y = np.asarray(outcome, dtype=float)
    columns = [np.asarray(unknowns[key], dtype=float) for key in names]
    if not columns or any(column.shape != y.shape for column in columns):
        raise ValueError(f"{name}: every unknown needs one value for each run")
    if len(y) < 40:
        raise ValueError(f"{name}: {len(y)} runs are too few to split and search")
    if not ((y >= 0) & (y <= 1)).all():
        raise ValueError(f"{name}: an outcome is a share between 0 and 1")
    x = np.column_stack(columns)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    searched, judged = np.sort(order[::2]), np.sort(order[1::2])
    search = _Search(names, titles or {}, fraction, max(10, int(least * len(searched))), alpha)
    regions = _cover(search, x[searched], y[searched], x[judged], y[judged], most, resamples, rng)
    return FailureRegions(
        outcome=name,
        n=len(y),
        judged=len(judged),
        overall=float(y.mean()),
        regions=tuple(regions),
    )


@dataclass(frozen=True)
class _Search:
    """What stays the same from region to region."""

    names: tuple[str, ...]
    titles: Titles
    fraction: float
    least: int
    alpha: float

    def steps(self, path: list[Box], x: FloatArray, y: FloatArray) -> tuple[Step, ...]:
        """The path in shares of the searched half."""
        total = float(y.sum())
        found = []
        for box in path:
            inside = y[box.contains(x)]
            named = sorted({self.names[unknown] for unknown, _ in box.sides()})
            found.append(
                Step(
                    mass=len(inside) / len(y),
                    coverage=float(inside.sum()) / total,
                    density=float(inside.mean()),
                    unknowns=tuple(named),
                )
            )
        return tuple(found)

    def pruned(self, box: Box, x: FloatArray, y: FloatArray) -> tuple[Box, dict[_Side, float]]:
        """`box` without the sides that these runs do not support, weakest first, and the p's.

        All sides of the box as it came share alpha.
        """
        level = self.alpha / max(1, len(box.sides()))
        while True:
            inside = y[box.contains(x)]
            support = {
                side: _excess_p(inside, np.concatenate([inside, y[box.beyond(x, *side)]]))
                for side in box.sides()
            }
            weakest = max(support, key=lambda side: support[side], default=None)
            if weakest is None or support[weakest] <= level:
                return box, support
            box = box.freed(*weakest)

    def again(
        self,
        x: FloatArray,
        y: FloatArray,
        judge_x: FloatArray,
        judge_y: FloatArray,
        rng: np.random.Generator,
    ) -> Box:
        """The box that a random half of each half of the runs leads to, pruned like the first."""
        part = rng.choice(len(y), len(y) // 2, replace=False)
        judged = rng.choice(len(judge_y), len(judge_y) // 2, replace=False)
        box, _, _ = induce(x[part], y[part], self.fraction, self.least // 2)
        return self.pruned(box, judge_x[judged], judge_y[judged])[0]


_Side = tuple[int, bool]


def _cover(
    search: _Search,
    x: FloatArray,
    y: FloatArray,
    judge_x: FloatArray,
    judge_y: FloatArray,
    most: int,
    resamples: int,
    rng: np.random.Generator,
) -> list[Region]:
    """One region after the other, each among the runs that the earlier ones left."""
    regions: list[Region] = []
    all_judged, all_cases = len(judge_y), float(judge_y.sum())
    overall = all_cases / all_judged
    while len(regions) < most and len(y) > 2 * search.least and 0 < y.mean() < 1:
        box, path, chosen = induce(x, y, search.fraction, search.least)
        # Judged as it was found: pruning looks at the second half, and would flatter it.
        p = _excess_p(judge_y[box.contains(judge_x)], judge_y)
        box, support = search.pruned(box, judge_x, judge_y)
        member = box.contains(judge_x)
        inside = judge_y[member]
        low, high = _density_interval(inside, critical(search.alpha))
        if not support or low <= overall:
            break
        boxes = [search.again(x, y, judge_x, judge_y, rng) for _ in range(resamples)]
        agreements = np.array([_agreement(box, other, x) for other in boxes])
        regions.append(
            Region(
                limits=tuple(
                    _limit(search, box, side, support[side], boxes) for side in box.sides()
                ),
                mass=len(inside) / all_judged,
                coverage=float(inside.sum()) / all_cases,
                density=float(inside.mean()),
                low=low,
                high=high,
                p=p,
                again=float((agreements >= SAME_REGION).mean()) if boxes else math.nan,
                agreement=float(agreements.mean()) if boxes else math.nan,
                resamples=resamples,
                trajectory=search.steps(path, x, y),
                chosen=chosen,
            )
        )
        rest = ~box.contains(x)
        x, y, judge_x, judge_y = x[rest], y[rest], judge_x[~member], judge_y[~member]
    return regions


def _limit(search: _Search, box: Box, side: _Side, p: float, boxes: list[Box]) -> Limit:
    """One side of `box`, and how it fared in the resamples."""
    unknown, upper = side
    values = [other.limit(unknown, upper) for other in boxes if side in other.sides()]
    earliest, latest = (
        np.quantile(values, [0.1, 0.9], method="inverted_cdf").tolist() if values else (None, None)
    )
    name = search.names[unknown]
    return Limit(
        unknown=name,
        title=search.titles.get(name, {}),
        bound="at most" if upper else "at least",
        value=box.limit(unknown, upper),
        p=p,
        kept=len(values) / len(boxes) if boxes else math.nan,
        earliest=earliest,
        latest=latest,
    )


def _excess_p(inside: FloatArray, everything: FloatArray) -> float:
    """One-sided p that `inside` is a random part of `everything` as far as its sum goes.

    The sum of m of N values drawn without putting back has mean m·mean and variance
    m (N - m) / (N - 1) · variance; normal approximation.
    """
    m, n = len(inside), len(everything)
    spread = float(everything.var()) * m * (n - m) / max(1, n - 1)
    if spread <= 0:
        return 1.0
    z = (float(inside.sum()) - m * float(everything.mean())) / math.sqrt(spread)
    return NormalDist().cdf(-z)


def _density_interval(inside: FloatArray, z: float) -> tuple[float, float]:
    """The interval of the mean: exact for zeros and ones, normal for shares."""
    mean, n = float(inside.mean()), len(inside)
    if np.isin(inside, (0.0, 1.0)).all():
        low, high = share_interval(float(inside.sum()), n, z)
        return float(low), float(high)
    half = z * float(inside.std()) / math.sqrt(n)
    return max(0.0, mean - half), min(1.0, mean + half)


def _agreement(one: Box, other: Box, x: FloatArray) -> float:
    """Cohen's kappa of two boxes about which runs are inside: 1 if the same, 0 as by chance.

    Unlike the share of runs they have in common it gives nothing to boxes that overlap because
    both are large, nor to a box without limits.
    """
    a, b = one.contains(x), other.contains(x)
    p, q = float(a.mean()), float(b.mean())
    chance = p * q + (1 - p) * (1 - q)
    return (float((a == b).mean()) - chance) / (1 - chance) if chance < 1 else 0.0
