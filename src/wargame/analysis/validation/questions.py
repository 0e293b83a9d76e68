"""A question about the traces of runs, and its answer with an interval.

Two forms. A share: of the runs that count, how many showed this (in time, before that, in more
weeks than that). A ratio: how much more often something comes in the weeks after a certain kind of
week than after the others. Shares have the exact interval; a ratio's is from the runs as clusters,
since the weeks of one run belong together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import exp, inf, log, nan, sqrt
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from wargame.analysis.validation.events import NEVER, Traces
from wargame.content.diagnostics import Findings, place
from wargame.content.spec import Day, Item, ItemId
from wargame.engine.scenario import Scenario
from wargame.errors import Fault, SpecError
from wargame.replay.history import turn_of
from wargame.statistics.result import Result
from wargame.statistics.shares import critical, share_interval

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

Weeks = Annotated[int, Field(ge=1, le=1000)]


class QuestionSpec(Item):
    """What is asked of the runs; every name is an event.

    among, without: the runs that count, those to which it came or never came. came: of these, the
    share to which this came; by: until this day; before, no_later: in an earlier turn than the
    first of this, or at the latest in the same; after, within: in the turn of the first of this or
    so many turns behind it; more_than: in more turns than this. rate, following, within: how often
    it comes in the next turns after one with `following`, against after one without.
    """

    among: ItemId | None = None
    without: ItemId | None = None
    came: ItemId | None = None
    by: Day | None = None
    before: ItemId | None = None
    no_later: ItemId | None = None
    after: ItemId | None = None
    more_than: ItemId | None = None
    rate: ItemId | None = None
    following: ItemId | None = None
    within: Weeks | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.came is None) == (self.rate is None):
            raise ValueError("say either came (a share of runs) or rate (a ratio of rates)")
        if self.rate is not None:
            if self.following is None or self.within is None:
                raise ValueError("a rate needs following and within")
            if self.by or self.before or self.no_later or self.after or self.more_than:
                raise ValueError("by, before, no_later, after and more_than go with came")
        elif self.following is not None:
            raise ValueError("following goes with rate")
        elif (self.after is None) != (self.within is None):
            raise ValueError("after and within go together")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every event that the question names."""
        fields = ("among", "without", "came", "before", "no_later", "after", "more_than")
        found = (getattr(self, name) for name in (*fields, "rate", "following"))
        return tuple(name for name in found if name is not None)


def refuse_unfit(
    what: str, questions: Sequence[tuple[str, QuestionSpec]], events: Collection[str]
) -> None:
    """Raise SpecError for questions of the same name, and events that nobody has described.

    what: a question of this file, in a word. questions: each with its name.
    """
    findings = Findings()
    findings.unique(what, (name for name, _ in questions))
    for _, question in questions:
        for name in question.names:
            if name not in events:
                findings.unknown("event", name, tuple(events))
    findings.stop()


@dataclass(frozen=True)
class Answer(Result):
    """A share, or a ratio, with its 95 % interval.

    count of n: runs, for a ratio the weeks with the answer among the weeks that called for one.
    value, low, high: not-a-number where nothing can be said. usual: for a ratio, the rate after
    the other weeks.
    """

    ratio: bool
    count: int
    n: int
    value: float
    low: float
    high: float
    usual: float | None = None


def answer(
    question: QuestionSpec, traces: Traces, by: int | None = None, alpha: float = 0.05
) -> Answer:
    """What the runs say. by: the last turn that counts, for a question that names a day."""
    counts = _counting(question, traces)
    if question.rate is not None:
        return _ratio(question, traces, counts, critical(alpha))
    passed = _passed(question, traces, by) & counts
    count, n = int(passed.sum()), int(counts.sum())
    low, high = share_interval(count, n, critical(alpha))
    return Answer(False, count, n, count / n if n else nan, float(low), float(high))


def _counting(question: QuestionSpec, traces: Traces) -> Flags:
    counts = np.ones(traces.n, dtype=np.bool_)
    if question.among is not None:
        counts &= traces.first(question.among) < NEVER
    if question.without is not None:
        counts &= traces.first(question.without) == NEVER
    return counts


def _passed(question: QuestionSpec, traces: Traces, by: int | None) -> Flags:
    assert question.came is not None
    first = traces.first(question.came)
    passed: Flags = first < NEVER
    if by is not None:
        passed = passed & (first <= by)
    if question.before is not None:
        passed = passed & (first < traces.first(question.before))
    if question.no_later is not None:
        passed = passed & (first <= traces.first(question.no_later))
    if question.more_than is not None:
        passed = passed & (traces.weeks(question.came) > traces.weeks(question.more_than))
    if question.after is not None and question.within is not None:
        start = traces.first(question.after)
        turns = np.arange(1, len(traces.live) + 1)[:, None]
        window = (turns >= start) & (turns <= start + question.within)
        passed = passed & (traces.came[question.came] & window).any(axis=0)
    return passed


@dataclass(frozen=True)
class Rate:
    """A rate in the weeks after certain weeks: `came` of `weeks`, by run, shape (n,)."""

    came: Floats
    weeks: Floats

    @property
    def value(self) -> float:
        """The rate over all runs together."""
        total = float(self.weeks.sum())
        return float(self.came.sum()) / total if total else nan

    @property
    def pull(self) -> Floats:
        """What each run adds to the error of the rate, (n,); sums to 0."""
        pull: Floats = (self.came - self.value * self.weeks) / self.weeks.sum()
        return pull

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """The rate's interval, from the runs as clusters, inside 0..1."""
        half = critical(alpha) * sqrt(float((self.pull**2).sum()))
        return max(0.0, self.value - half), min(1.0, self.value + half)


def rates(question: QuestionSpec, traces: Traces) -> tuple[Rate, Rate]:
    """How often `rate` comes within the next turns after a turn with `following`, and after one
    without. Turns after which the run was over, or the horizon cut the wait short, do not count.
    """
    assert question.rate and question.following and question.within
    came, live = traces.came[question.rate], traces.live
    called = traces.came[question.following]
    turns, within = len(live), question.within
    answered = np.zeros_like(called)
    counts = np.zeros_like(called)
    for turn in range(turns - within):
        answered[turn] = came[turn + 1 : turn + 1 + within].any(axis=0)
        counts[turn] = live[turn + 1]
    counts &= _counting(question, traces)[None, :]
    found = []
    for kind in (counts & called, counts & ~called):
        found.append(
            Rate(
                (answered & kind).sum(axis=0).astype(float),
                kind.sum(axis=0).astype(float),
            )
        )
    return found[0], found[1]


def _ratio(question: QuestionSpec, traces: Traces, counts: Flags, z: float) -> Answer:
    """The ratio of two rates; its interval on the logarithm (delta method, runs as clusters).

    Source: Liang and Zeger 1986, Biometrika 73:13.
    """
    after, otherwise = rates(question, traces)
    count, n = int(after.came.sum()), int(after.weeks.sum())
    high, low = after.value, otherwise.value
    if not (high > 0 and low > 0):
        value = nan if high != high or low != low or high == low == 0 else (inf if high else 0.0)
        return Answer(True, count, n, value, 0.0, inf, low)
    spread = sqrt(float(((after.pull / high - otherwise.pull / low) ** 2).sum()))
    value = high / low
    return Answer(
        True,
        count,
        n,
        value,
        exp(log(value) - z * spread),
        exp(log(value) + z * spread),
        low,
    )


def deadline(question: QuestionSpec, scenario: Scenario) -> int | None:
    """The turn in which the question's day falls; None where it names none.

    Raises SpecError if the day lies outside the scenario.
    """
    if question.by is None:
        return None
    turn = turn_of(question.by, scenario)
    if not 1 <= turn <= scenario.horizon:
        what = f"{question.by} is outside {scenario.header.scenario}"
        raise SpecError([Fault(what, place(question))])
    return turn
