"""How the model's runs compare with what data sets tell of crises and disputes.

A file of base rates (``scenarios/base-rates``) states figures with their sources, and beside each
the question that is asked of the runs on a definition made to match. A gap is no fault in itself:
the file says what explains it, or why the two should not be compared closely.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from wargame.analysis.evidence_files import ScenariosFile, read_data, stated_for
from wargame.analysis.validation.events import EventSpec, Traces, checked, watch, watched
from wargame.analysis.validation.questions import (
    Answer,
    QuestionSpec,
    answer,
    deadline,
    rates,
    refuse_unfit,
)
from wargame.batches.study import Jobs, OnProgress
from wargame.compiler import compile_scenario
from wargame.content.diagnostics import Findings
from wargame.content.spec import Item, ItemId, Many, MoveId, Spec, Text
from wargame.statistics.result import (
    Result,
    decimals,
    interval,
    percent,
    say,
    signed,
    signed_interval,
    whole,
)
from wargame.statistics.shares import critical, share_interval
from wargame.statistics.unpaired import square_and_add

FOLDER = "scenarios/base-rates"

Count = Annotated[int, Field(ge=0, le=1_000_000)]
PerMille = Annotated[int, Field(ge=0, le=1000)]


class ReportedSpec(Item):
    """What a source reports: `count` of `n` cases; or a share, per mille, of n cases if told."""

    source: Text
    count: Count | None = None
    share: PerMille | None = None
    n: Annotated[int, Field(ge=1, le=1_000_000)] | None = None

    @model_validator(mode="after")
    def _one_figure(self) -> Self:
        if (self.count is None) == (self.share is None):
            raise ValueError("say either count (of n) or share (per mille)")
        if self.count is not None and (self.n is None or self.count > self.n):
            raise ValueError("count goes with n, and is no more than n")
        return self


class RateSpec(QuestionSpec):
    """A question to the runs, what is reported beside it, and what explains the gap."""

    id: ItemId
    title: Text
    forbid: Many[MoveId] = ()
    found: Many[ReportedSpec] = ()
    because: Text


class BaseRatesSpec(ScenariosFile):
    """A file of base rates."""

    events: Annotated[dict[ItemId, EventSpec], Field(min_length=1)]
    rates: Annotated[Many[RateSpec], Field(min_length=1)]


def load_base_rates(name_or_path: str | Path) -> BaseRatesSpec:
    """Read a file of base rates, given by name (in ``scenarios/base-rates``) or path.

    Raises SpecError with all faults of the file.
    """
    found = read_data(BaseRatesSpec, FOLDER, name_or_path, "base rates")
    refuse_unfit("rate", [(rate.id, rate) for rate in found.rates], found.events)
    return found


def base_rates_for(scenario: str, beside: Path | None = None) -> BaseRatesSpec | None:
    """The base rates for a scenario; see `stated_for`."""
    return stated_for(scenario, FOLDER, load_base_rates, beside)


# ------------------------------------------------------------------------------------ the gaps


@dataclass(frozen=True)
class Reported(Result):
    """A reported share with its exact interval; count, n, low and high None where not told."""

    source: dict[str, str]
    share: float
    count: int | None
    n: int | None
    low: float | None
    high: float | None

    def words(self, lang: str = "en") -> str:
        """The figure, its interval and its cases."""
        if self.n is None or self.low is None or self.high is None:
            return percent(self.share)
        between = interval(self.low, self.high, lang)
        return say(
            lang,
            en=f"{percent(self.share)} of {whole(self.n)} cases ({between})",
            ja=f"{whole(self.n)}例の{percent(self.share)}（{between}）",
        )


@dataclass(frozen=True)
class Gap(Result):
    """The model's share less a reported one. low, high: at 95 %; None where the cases are not
    told, and only the model's error is known."""

    reported: Reported
    gap: float
    low: float | None
    high: float | None

    @property
    def resolved(self) -> bool | None:
        """Whether the two differ by more than chance; None where that cannot be said."""
        if self.low is None or self.high is None:
            return None
        return self.low > 0 or self.high < 0

    def words(self, lang: str = "en") -> str:
        """The gap in percentage points."""
        if self.low is None or self.high is None:
            return signed(self.gap)
        return f"{signed(self.gap)} ({signed_interval(self.low, self.high, lang)})"


@dataclass(frozen=True)
class Compared(Result):
    """One rate of the model, as a share of runs or weeks, and its gaps to what is reported."""

    id: str
    title: dict[str, str]
    because: dict[str, str]
    weeks: bool
    forbidden: tuple[str, ...]
    answer: Answer
    gaps: tuple[Gap, ...]

    def words(self, lang: str = "en") -> str:
        """The model's share with its interval, and of how many."""
        got = self.answer
        if not got.n:
            return say(lang, en="no run to judge by", ja="判断できる実行がない")
        places = max(1, decimals(50 * (got.high - got.low)))
        share, between = percent(got.value, places), interval(got.low, got.high, lang, places)
        n = whole(got.n)
        return say(
            lang,
            en=f"{share} ({between}) of {n} {'weeks' if self.weeks else 'runs'}",
            ja=f"{n}週の{share}（{between}）" if self.weeks else f"実行{n}回の{share}（{between}）",
        )


@dataclass(frozen=True)
class BaseRates(Result):
    """All rates of a file, of the same runs."""

    file: str
    title: dict[str, str]
    scenario: str
    overlays: tuple[str, ...]
    seed: int
    runs: int
    rates: tuple[Compared, ...]

    def __iter__(self) -> Iterator[Compared]:
        return iter(self.rates)

    def words(self, lang: str = "en") -> str:
        """A line for each rate, and one for each figure it is compared with."""
        lines = []
        for rate in self.rates:
            lines.append(f"{rate.title[lang]}: {rate.words(lang)}")
            lines += [
                f"  {gap.reported.source[lang]}: {gap.reported.words(lang)}; {gap.words(lang)}"
                for gap in rate.gaps
            ]
        return "\n".join(lines)


def base_rates(
    file: BaseRatesSpec,
    spec: Spec,
    runs: int = 2000,
    seed: int | None = None,
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
) -> BaseRates:
    """Play `runs` runs of a scenario, once for each set of forbidden moves, and compare.

    Raises SpecError for every name that the scenario does not know.
    """
    findings = Findings()
    checked(file.events, spec, findings)
    findings.stop()
    check_forbidden(file, spec)
    scenario = compile_scenario(watched(spec, file.events))
    traces: dict[tuple[str, ...], Traces] = {}
    for rate in file.rates:
        if rate.forbid not in traces:
            barred = {(who, move) for move in rate.forbid for who in spec.moves[move].by}
            variant = replace(spec, barred=spec.barred | barred)
            traces[rate.forbid] = watch(variant, file.events, runs, seed, jobs, on_progress)
    return BaseRates(
        file=file.id,
        title={lang: file.title.get(lang) for lang in ("en", "ja")},
        scenario=scenario.header.scenario,
        overlays=scenario.header.overlays,
        seed=spec.scenario.seed if seed is None else seed,
        runs=runs,
        rates=tuple(
            _compared(rate, traces[rate.forbid], deadline(rate, scenario)) for rate in file.rates
        ),
    )


def check_forbidden(file: BaseRatesSpec, spec: Spec) -> None:
    """Raise SpecError for every forbidden move that the scenario does not know."""
    findings = Findings()
    for rate in file.rates:
        for move in rate.forbid:
            if move not in spec.moves:
                findings.unknown("move", move, spec.moves)
    findings.stop()


def _compared(rate: RateSpec, traces: Traces, by: int | None) -> Compared:
    got = answer(rate, traces, by)
    if rate.rate is not None:
        after, otherwise = rates(rate, traces)
        low, high = after.interval()
        got = replace(
            got, ratio=False, value=after.value, low=low, high=high, usual=otherwise.value
        )
    return Compared(
        id=rate.id,
        title={lang: rate.title.get(lang) for lang in ("en", "ja")},
        because={lang: " ".join(rate.because.get(lang).split()) for lang in ("en", "ja")},
        weeks=rate.rate is not None,
        forbidden=tuple(rate.forbid),
        answer=got,
        gaps=tuple(_gap(got, reported) for reported in rate.found),
    )


def _gap(got: Answer, spec: ReportedSpec) -> Gap:
    """Model less report, with the interval of `square_and_add` over the exact ones of both."""
    share = spec.count / spec.n if spec.count is not None and spec.n else (spec.share or 0) / 1000
    value = got.value - share if got.n else nan
    source = {lang: " ".join(spec.source.get(lang).split()) for lang in ("en", "ja")}
    if spec.n is None:
        return Gap(Reported(source, share, None, None, None, None), value, None, None)
    count = round(share * spec.n)
    low, high = (float(end) for end in share_interval(count, spec.n, critical(0.05)))
    reported = Reported(source, share, count, spec.n, low, high)
    ends = square_and_add(got.value, got.low, got.high, share, low, high)
    return Gap(reported, value, *map(float, ends))
