"""Does the model show what the crisis showed? Weak patterns, each with the band that passes.

A patterns file (``scenarios/patterns``) states, before anything is played, which share of runs
should show each pattern; the runs then pass or fail it. One weak pattern says little; many at
different levels together rule out most models (Grimm et al. 2005, Science 310:987). The course
that really happened is asked the same questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, isnan
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wargame.analysis.evidence_files import ScenariosFile, read_data, stated_for
from wargame.analysis.validation.events import EventSpec, Traces, checked, traces_of, watch, watched
from wargame.analysis.validation.questions import (
    Answer,
    QuestionSpec,
    answer,
    deadline,
    refuse_unfit,
)
from wargame.batches.study import Jobs, OnProgress
from wargame.compiler import compile_scenario
from wargame.content.data_files import find
from wargame.content.diagnostics import Findings
from wargame.content.load import load, load_history, load_texts
from wargame.content.spec import FileId, HistorySpec, ItemId, Many, Spec, Text
from wargame.errors import agreeing, counted
from wargame.replay.history import play_history
from wargame.statistics.result import Result, decimals, interval, percent, say, whole

FOLDER = "scenarios/patterns"

Level = Literal["order", "timing", "actor", "dyad", "world"]
LEVELS: Mapping[Level, tuple[str, str]] = {
    "order": ("order of moves", "手の順序"),
    "timing": ("timing", "時機"),
    "actor": ("single actors", "個々の主体"),
    "dyad": ("between two", "二者のあいだ"),
    "world": ("the world as a whole", "世界全体"),
}
PerMille = Annotated[int, Field(ge=0, le=1_000_000)]


class PatternSpec(QuestionSpec):
    """One pattern: a question, and the band of answers that passes, per mille."""

    id: ItemId
    level: Level
    title: Text
    about: Text | None = None
    source: Text
    at_least: PerMille | None = None
    at_most: PerMille | None = None
    between: Annotated[tuple[PerMille, PerMille], Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _one_band(self) -> Self:
        if sum(band is not None for band in (self.at_least, self.at_most, self.between)) != 1:
            raise ValueError("say when it passes: at_least, at_most or between")
        if self.between is not None and not self.between[0] < self.between[1]:
            raise ValueError("between: the smaller number comes first")
        return self

    @property
    def band(self) -> tuple[float, float]:
        """The shares, or ratios, that pass."""
        if self.between is not None:
            return self.between[0] / 1000, self.between[1] / 1000
        top = 1.0 if self.came is not None else inf
        low = 0 if self.at_least is None else self.at_least
        return low / 1000, top if self.at_most is None else self.at_most / 1000


class PatternsSpec(ScenariosFile):
    """A file of patterns. history: the course of events that is asked the same."""

    history: FileId | None = None
    events: Annotated[dict[ItemId, EventSpec], Field(min_length=1)]
    patterns: Annotated[Many[PatternSpec], Field(min_length=1)]


def load_patterns(name_or_path: str | Path) -> PatternsSpec:
    """Read a patterns file, given by name (in ``scenarios/patterns``) or path.

    Raises SpecError with all faults of the file.
    """
    found = read_data(PatternsSpec, FOLDER, name_or_path, "patterns")
    refuse_unfit("pattern", [(one.id, one) for one in found.patterns], found.events)
    return found


def patterns_for(scenario: str, beside: Path | None = None) -> PatternsSpec | None:
    """The patterns for a scenario; see `stated_for`."""
    return stated_for(scenario, FOLDER, load_patterns, beside)


# ------------------------------------------------------------------------------- are they met?


@dataclass(frozen=True)
class Found(Result):
    """What became of one pattern.

    low, high: the band that passes. answer: of the runs. sure: the whole interval lies on the
    same side. history: whether the course that really happened shows it; None where one course
    has nothing to say. ruleless: of runs in which actors forget their rules: a pattern that these
    show as well says nothing for the rules.
    """

    ALSO = ("telling",)

    id: str
    level: Level
    title: dict[str, str]
    source: str
    low: float
    high: float
    answer: Answer
    passed: bool
    sure: bool
    history: bool | None
    ruleless: Answer

    @property
    def telling(self) -> bool:
        """Passed, and not by a model without rules."""
        return self.passed and not self.low <= self.ruleless.value <= self.high

    def words(self, lang: str = "en") -> str:
        """One line: the title, what was found, what was asked for, and the verdict."""
        verdict = (
            say(lang, en="passes", ja="合格") if self.passed else say(lang, en="FAILS", ja="不合格")
        )
        text = say(
            lang,
            en=f"{self.title['en']}: {self.value(lang)}, asked {self.asked(lang)}: {verdict}",
            ja=f"{self.title['ja']}：{self.value(lang)}、基準{self.asked(lang)}：{verdict}",
        )
        return text if self.sure else text + say(lang, en=" (close)", ja="（僅差）")

    def value(self, lang: str = "en", found: Answer | None = None) -> str:
        """The share or ratio with its interval, and of how many; of the runs if not told."""
        found = self.answer if found is None else found
        runs = whole(found.n)
        if isnan(found.value):
            return say(lang, en="nothing to judge by", ja="判断材料なし")
        if found.ratio:
            places = max(1, decimals((found.high - found.low) / 2))
            low, high = f"{found.low:.{places}f}", f"{found.high:.{places}f}"
            return say(
                lang,
                en=f"{found.value:.{places}f} times as often ({low} to {high})",
                ja=f"{found.value:.{places}f}倍（{low}～{high}）",
            )
        places = decimals(50 * (found.high - found.low))
        between = interval(found.low, found.high, lang, places)
        share = percent(found.value, places)
        return say(
            lang, en=f"{share} ({between}) of {runs} runs", ja=f"実行{runs}回の{share}（{between}）"
        )

    def asked(self, lang: str = "en") -> str:
        """The band that passes, in words."""

        def one(value: float) -> str:
            if self.answer.ratio:
                return say(lang, en=f"{value:g} times", ja=f"{value:g}倍")
            return percent(value, 0)

        if self.high == (inf if self.answer.ratio else 1.0):
            return say(lang, en=f"at least {one(self.low)}", ja=f"{one(self.low)}以上")
        if self.low == 0:
            return say(lang, en=f"at most {one(self.high)}", ja=f"{one(self.high)}以下")
        return say(
            lang,
            en=f"{one(self.low)} to {one(self.high)}",
            ja=f"{one(self.low)}～{one(self.high)}",
        )


@dataclass(frozen=True)
class Patterns(Result):
    """All patterns of a file, judged on the same runs."""

    ALSO = ("passed", "telling")

    file: str
    title: dict[str, str]
    scenario: str
    overlays: tuple[str, ...]
    seed: int
    runs: int
    found: tuple[Found, ...]

    def __iter__(self) -> Iterator[Found]:
        return iter(self.found)

    @property
    def passed(self) -> int:
        """How many pass."""
        return sum(one.passed for one in self.found)

    @property
    def telling(self) -> int:
        """How many pass that a model without rules does not."""
        return sum(one.telling for one in self.found)

    def words(self, lang: str = "en") -> str:
        """One line for each pattern, and the count."""
        lines = [one.words(lang) for one in self.found]
        lines.append(
            say(
                lang,
                en=f"Of {counted(len(self.found), 'pattern')} {self.passed} "
                f"{agreeing(self.passed, 'passes', 'pass')} in {counted(self.runs, 'run')}; "
                f"{self.telling} of them {agreeing(self.telling, 'does', 'do')} not pass where "
                "actors forget their rules",
                ja=f"実行{whole(self.runs)}回で{len(self.found)}個中{self.passed}個のパターンが合格。"
                f"うち{self.telling}個は、規則を忘れた主体では合格しない",
            )
        )
        return "\n".join(lines)


def patterns(
    file: PatternsSpec,
    spec: Spec,
    runs: int = 2000,
    seed: int | None = None,
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
    beside: Path | None = None,
) -> Patterns:
    """Play `runs` runs of a scenario and judge the patterns of a file.

    beside: the scenario's file, around which the history is looked for first.
    Raises SpecError for every name and day that the scenario does not know.
    """
    findings = Findings()
    checked(file.events, spec, findings)
    findings.stop()
    traces = watch(spec, file.events, runs, seed, jobs, on_progress)
    ruleless = watch(spec, file.events, max(1, runs // 2), seed, jobs, on_progress, ruleless=True)
    real = None
    if file.history is not None:
        real = _history(file, spec, load_history(find("history", file.history, beside)))
    return judge(file, spec, traces, ruleless, real, spec.scenario.seed if seed is None else seed)


def judge(
    file: PatternsSpec, spec: Spec, traces: Traces, ruleless: Traces, real: Traces | None, seed: int
) -> Patterns:
    """What the traces of runs say to each pattern; runs without rules, and the real course."""
    scenario = compile_scenario(watched(spec, file.events))
    found = []
    for pattern in file.patterns:
        by = deadline(pattern, scenario)
        got = answer(pattern, traces, by)
        low, high = pattern.band
        passed = low <= got.value <= high
        found.append(
            Found(
                id=pattern.id,
                level=pattern.level,
                title={lang: pattern.title.get(lang) for lang in ("en", "ja")},
                source=str(pattern.source),
                low=low,
                high=high,
                answer=got,
                passed=passed,
                sure=(low <= got.low and got.high <= high)
                if passed
                else (got.high < low or got.low > high),
                history=None if real is None else _shown(pattern, real, by),
                ruleless=answer(pattern, ruleless, by),
            )
        )
    return Patterns(
        file=file.id,
        title={lang: file.title.get(lang) for lang in ("en", "ja")},
        scenario=scenario.header.scenario,
        overlays=scenario.header.overlays,
        seed=seed,
        runs=traces.n,
        found=tuple(found),
    )


def _history(file: PatternsSpec, spec: Spec, told: HistorySpec) -> Traces:
    """The events of the real course, which is told in the scenario without overlays."""
    if told.scenario == spec.scenario.id:
        plain = {
            name: text for name, text in spec.inputs.items() if not name.startswith("overlays/")
        }
        spec = load_texts(plain)
    else:
        spec = load(told.scenario)
    scenario = compile_scenario(watched(spec, file.events))
    run = play_history(told, scenario).replay.playthrough
    return traces_of(scenario, file.events, run.worlds, run.records)


def _shown(pattern: PatternSpec, real: Traces, by: int | None) -> bool | None:
    """Whether the one real course shows the pattern; it is too short to have a ratio of rates."""
    got = answer(pattern, real, by)
    if got.ratio or not got.n:
        return None
    low, high = pattern.band
    return bool(low <= got.value <= high)
