"""What a sensitivity analysis answers: bars, indices, what was set aside, and what it costs.

Plain answers without the engine, in numbers and in sentences of two languages.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from wargame.analysis.sensitivity.parameters.parameter import KINDS, Kind
from wargame.statistics.failure_regions import FailureRegions
from wargame.statistics.lead import bracketed, leaders, named
from wargame.statistics.regret import Regret
from wargame.statistics.result import Result, interval, percent, say, signed, whole

LUCK = "luck"
NOT_THERE = "–"  # in place of a value to which nothing can be turned

Difference = tuple[float, float, float]  # in shares, and the ends of its interval


@dataclass(frozen=True)
class Assumption(Result):
    """A number without a source, by what it is of, which number of it, and file and line.

    low, usual, high: where it can be turned to and where it stands, in `unit`; low or high is
    None where it cannot be turned that way, usual for an unknown. source: what the author says
    it rests on, "" where nothing is said.
    """

    lever: str
    part: str
    kind: Kind
    title: Mapping[str, str]
    source: str
    place: str
    unit: Mapping[str, str]
    low: int | None
    usual: int | None
    high: int | None

    def turned(self) -> str:
        """From where to where it is turned, in its unit: `347 ← 520 → 780`."""
        low, usual, high = (
            NOT_THERE if one is None else whole(one) for one in (self.low, self.usual, self.high)
        )
        return f"{low} … {high}" if self.usual is None else f"{low} ← {usual} → {high}"


@dataclass(frozen=True)
class Bar(Assumption):
    """What one assumption does to one outcome, turned alone.

    less, more: paired difference from the baseline, (difference, low, high), in shares, or None
    where the assumption cannot be turned down, or up. swing: share when turned up less share when
    turned down, where there are both; p: the smallest of these, adjusted over all that were
    asked; resolved: p at most 0.05.
    """

    less: Difference | None
    more: Difference | None
    swing: float | None
    p: float
    resolved: bool

    @property
    def reach(self) -> float:
        """The largest of the differences, without its sign."""
        return self._farthest[0]

    @property
    def error(self) -> float:
        """Half the width of the interval of `reach`."""
        return self._farthest[1]

    @property
    def _farthest(self) -> tuple[float, float]:
        """The largest difference without its sign, and half the width of its interval."""
        sides = [side for side in (self.less, self.more) if side is not None]
        halves = [(high - low) / 2 for _, low, high in sides]
        found = [(abs(side[0]), half) for side, half in zip(sides, halves, strict=True)]
        return max([*found, (abs(self.swing or 0.0), math.hypot(*halves))])

    def words(self, lang: str = "en") -> str:
        """Both differences in percentage points; or which way it cannot be turned."""
        down, up = signed_or_none(self.less), signed_or_none(self.more)
        return say(
            lang,
            en=f"{down} points turned down" if down else "cannot be turned down",
            ja=f"下げると{down}ポイント" if down else "下げられない",
        ) + say(
            lang,
            en=f", {up} turned up" if up else ", cannot be turned up",
            ja=f"、上げると{up}ポイント" if up else "、上げられない",
        )


_Interval = Annotated[list[float], Field(min_length=3, max_length=3)]


class _Bar(BaseModel):
    """What a figure needs of a bar."""

    title: dict[Literal["en", "ja"], str]
    less: _Interval | None
    more: _Interval | None


class _Stored(BaseModel):
    """What a report needs of an answer that was kept (see `Sensitivity.to_json`)."""

    words: dict[Literal["en", "ja"], list[str]]
    tornado: dict[str, list[_Bar]]
    pairs: int


STORED = TypeAdapter(_Stored)


def signed_or_none(side: Difference | None) -> str | None:
    """A side's difference in percentage points; None where there is no such side."""
    return None if side is None else signed(side[0])


@dataclass(frozen=True)
class Index(Result):
    """How far one unknown, or luck, decides an outcome of single runs.

    first: share of the variance that it explains alone; total: with all its interactions; each
    with the half-width of its 95 % interval. pawn: how far knowing it shifts the outcome's share
    (median over its range), and `floor`: what chance alone would show. None for luck.
    """

    name: str
    title: Mapping[str, str]
    first: float
    first_error: float
    total: float
    total_error: float
    pawn: float | None
    floor: float | None


@dataclass(frozen=True)
class Sensitivity(Result):
    """What was found; parts that were not asked for are empty.

    assumptions: how many can be turned; screened: runs of the screening; pairs: behind each bar;
    rows: runs behind the indices. screened_out: what was turned in the screening and not looked
    at closely; fixed: what cannot be turned at all.
    """

    scenario: str
    digest: str
    overlays: tuple[str, ...]
    seed: int
    assumptions: int
    screened: int
    pairs: int
    rows: int
    tornado: Mapping[str, tuple[Bar, ...]]
    indices: Mapping[str, tuple[Index, ...]]
    regions: Mapping[str, FailureRegions]
    regret: Mapping[str, Regret]
    screened_out: tuple[Assumption, ...] = ()
    fixed: tuple[Assumption, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields, and the sentences in both languages."""
        words = {lang: self.words(lang).splitlines() for lang in ("en", "ja")}
        return {"schema": 1, **super().to_json(), "words": words}

    def called(self, title: Callable[[str], str]) -> Sensitivity:
        """The same with `title` of the outcomes, for telling it."""

        def renamed(answers: Mapping[str, Any]) -> dict[str, Any]:
            return {
                title(name): one.called(title) if isinstance(one, Result) else one
                for name, one in answers.items()
            }

        return replace(
            self,
            tornado=renamed(self.tornado),
            indices=renamed(self.indices),
            regions=renamed(self.regions),
            regret=renamed(self.regret),
        )

    def words(self, lang: str = "en") -> str:
        """What moves each outcome most, in sentences."""
        lines = []
        for name, bars in self.tornado.items():
            lines.append(self._strongest(name, bars, lang))
        if self.tornado:
            lines.append(self._set_aside(lang))
        for name, indices in self.indices.items():
            lines.append(_decides(name, indices, lang))
        lines += [found.words(lang) for found in self.regions.values()]
        lines += [found.words(lang) for found in self.regret.values()]
        return "\n".join(lines)

    def _strongest(self, name: str, bars: Sequence[Bar], lang: str) -> str:
        found = [bar for bar in bars if bar.resolved]
        of, pairs = whole(self.assumptions), whole(self.pairs)
        if not found:
            return say(
                lang,
                en=f"{name}: none of {of} unsourced assumptions is shown to move it at {pairs} "
                "pairs",
                ja=f"{name}：出典のない仮定{of}件のうち、{pairs}組で動かすと示されたものはない",
            )
        first = leaders([bar.reach for bar in found], [bar.error for bar in found])
        titles = [
            f"{found[i].title[lang]} ({found[i].words(lang)})"
            if lang != "ja"
            else f"「{found[i].title[lang]}」（{found[i].words(lang)}）"
            for i in first
        ]
        many, who = len(found), named(titles, lang)
        if len(first) > 1:
            return say(
                lang,
                en=f"{name}: of {of} unsourced assumptions, {whole(many)} are shown to move it; "
                f"these move it most and cannot be told apart at {pairs} pairs: {who}",
                ja=f"{name}：出典のない仮定{of}件のうち、動かすと示されたもの{whole(many)}件。"
                f"最も動かすのは次のいずれかで、{pairs}組では区別できない：{who}",
            )
        return say(
            lang,
            en=f"{name}: of {of} unsourced assumptions, this one moves it most: {who}; "
            f"{whole(many)} shown to move it",
            ja=f"{name}：出典のない仮定{of}件のうち最も動かすのは{who}。"
            f"動かすと示されたもの{whole(many)}件",
        )

    def _set_aside(self, lang: str) -> str:
        """What is not in the tables: how many assumptions of each kind were screened out."""
        out, closer = len(self.screened_out), self.assumptions - len(self.screened_out)
        kinds = Counter(one.kind for one in self.screened_out)
        listed = say(lang, en=", ", ja="、").join(
            f"{KINDS[kind][lang == 'ja']} {count}" for kind, count in kinds.most_common()
        )
        fixed = [one.title[lang] for one in self.fixed]
        text = say(
            lang,
            en=f"{whole(closer)} assumptions looked at closely, {whole(out)} screened out"
            + (f" ({listed})" if listed else ""),
            ja=f"詳しく見た仮定{whole(closer)}件、選別で外した仮定{whole(out)}件"
            + (f"（{listed}）" if listed else ""),
        )
        if fixed:
            text += say(
                lang,
                en=f"; cannot be turned at all: {', '.join(fixed)}",
                ja=f"。まったく動かせないもの：{'、'.join(fixed)}",
            )
        return text


@dataclass(frozen=True)
class Cost(Result):
    """What is going to be played, in runs, before the first of them.

    assumptions: how many are turned. screening; turning: at most, for how many are looked at
    closely is known only after the screening; the other parts as they are.
    """

    assumptions: int
    screening: int
    turning: int
    indices: int
    regions: int
    regret: int

    @property
    def runs(self) -> int:
        """All of them, at most."""
        return self.screening + self.turning + self.indices + self.regions + self.regret

    def words(self, lang: str = "en") -> str:
        """The runs, part by part."""
        parts = [
            (self.screening, "to screen {n} assumptions", "仮定{n}件の選別"),
            (self.turning, "at most to turn those that stand out", "目立つ仮定を動かす（上限）"),
            (self.indices, "for Sobol and PAWN", "SobolとPAWN"),
            (self.regions, "for the regions", "領域"),
            (self.regret, "for the regrets", "後悔"),
        ]
        n = whole(self.assumptions)
        told = [
            say(
                lang,
                en=f"{whole(runs)} {en.format(n=n)}",
                ja=f"{ja.format(n=n)}{whole(runs)}回",
            )
            for runs, en, ja in parts
            if runs
        ]
        return say(
            lang,
            en=f"up to {whole(self.runs)} runs: {', '.join(told)}",
            ja=f"最大{whole(self.runs)}回の実行：{'、'.join(told)}",
        )


def _decides(name: str, indices: Sequence[Index], lang: str) -> str:
    luck = next(index for index in indices if index.name == LUCK)
    unknowns = [index for index in indices if index.name != LUCK]
    shown = [index for index in unknowns if index.total > index.total_error]
    first = [
        shown[i] for i in leaders([one.total for one in shown], [one.total_error for one in shown])
    ]
    text = _settled(name, luck, lang)
    if not first:
        return text + say(
            lang,
            en="no single unknown is shown to count at this number of runs",
            ja="この実行回数では、効くと示された未知数はない",
        )
    who = named(
        [bracketed(one.title[lang], _share(one.total, one.total_error), lang) for one in first],
        lang,
    )
    if len(first) > 1:
        return text + say(
            lang,
            en=f"the unknowns that count most cannot be told apart: {who}, each with all that it "
            "interacts with, luck included",
            ja=f"最も効く未知数は次のいずれかで、区別できない：{who}（運などとの相互作用を含む）",
        )
    return text + say(
        lang,
        en=f"{who} counts most, with all that it interacts with, luck included",
        ja=f"最も効くのは{who}（運などとの相互作用を含む）",
    )


def _settled(name: str, luck: Index, lang: str) -> str:
    """What all unknowns together settle; nothing is claimed where the estimate allows no share."""
    if luck.total - luck.total_error >= 1:
        return say(
            lang,
            en=f"{name}: too few runs to say how much of the variance of single runs knowing every "
            "unknown would settle; ",
            ja=f"{name}：未知数をすべて知れば個々の実行の分散がどれだけ決まるかは、"
            "この実行回数では言えない。",
        )
    known = _within(1 - luck.total, luck.total_error, lang)
    return say(
        lang,
        en=f"{name}: knowing every unknown would settle {known} of the variance of single runs, "
        "the rest is luck; ",
        ja=f"{name}：未知数をすべて知っても、個々の実行の分散の{known}しか決まらず、残りは運。",
    )


def _share(value: float, error: float) -> str:
    """A share of the variance with its error: `78 ± 40 %`."""
    return f"{100 * value:.0f} ± {100 * error:.0f} %"


def _within(value: float, error: float, lang: str) -> str:
    """A share of the variance and its interval, both inside 0 to 1: `30 % (5 to 55 %)`."""
    middle, low, high = (max(0.0, min(1.0, end)) for end in (value, value - error, value + error))
    between = interval(low, high, lang, 0)
    return percent(middle, 0) + say(lang, en=f" ({between})", ja=f"（{between}）")
