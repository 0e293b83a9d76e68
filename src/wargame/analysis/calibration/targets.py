"""What forecasters said, as data: events, horizons, probabilities, and the dials that may move.

A targets file belongs to a scenario and is read like every other YAML: guarded, with every fault
and its place. A target is met by a batch when the interval of its share leaves what was said
possible. Nothing here plays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field, SkipValidation, WithJsonSchema, model_validator

from wargame.analysis.evidence_files import EvidenceFile, read_data
from wargame.content.diagnostics import Findings
from wargame.content.source_marks import describe
from wargame.content.spec import Day, EndingName, FileId, Item, ItemId, Many, Text
from wargame.engine.record import Outcomes, RunHeader
from wargame.engine.scenario import Scenario
from wargame.errors import counted
from wargame.replay.history import turn_of
from wargame.statistics.result import Result, decimals, interval, percent, say, whole
from wargame.statistics.shares import critical, share_interval

FOLDER = "scenarios/targets"

PerMille = Annotated[int, Field(ge=0, le=1000)]
Flags = npt.NDArray[np.bool_]


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


EndingNames = Annotated[Many[EndingName], BeforeValidator(_one_or_many)]
FileIds = Annotated[Many[FileId], BeforeValidator(_one_or_many)]

_PART = r"[A-Za-z0-9_.-]{1,60}"
_DIAL = re.compile(rf"[a-z][a-z0-9_.]*|chance/{_PART}|move/{_PART}|{_PART}/{_PART}/{_PART}")


def _to_dial(value: object) -> object:
    if not isinstance(value, str) or not _DIAL.fullmatch(value):
        raise ValueError(
            f"{describe(value)} is no dial: name an unknown, a weight as actor/rule/move, "
            "the base weight of a move as move/ID, or the frequency of an event as chance/ID"
        )
    return value


DialName = Annotated[
    str, SkipValidation, BeforeValidator(_to_dial), WithJsonSchema({"type": "string"})
]


# ------------------------------------------------------------------------------- the shapes


class DialSpec(Item):
    """Something that calibration may turn.

    within: for an unknown the furthest that its distribution may reach; for a weight the
    smallest and the largest factor, per mille (500 halves it, 2000 doubles it).
    """

    within: Annotated[tuple[int, int], Field(strict=False)] | None = None
    because: Text | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.within is not None and not self.within[0] < self.within[1]:
            raise ValueError("within: the smaller number comes first")
        return self


class TargetSpec(Item):
    """One thing that somebody said about the future.

    share: an ending or a milestone, or several of which one is enough. given: among the runs
    that came to this one. without: only if the run never came to this one. by, turns: the last
    day, or turn, on which it counts; left out, the whole run. under: policies that are laid over.
    mode: this ending comes more often than any other. What was said is `is` (with `give` either
    way: the precision with which it was said), `between`, `at_most` or `at_least`, per mille.
    """

    id: ItemId
    forecaster: Text
    date: Day | None = None
    event: Text
    share: EndingNames = ()
    given: EndingName | None = None
    without: EndingName | None = None
    by: Day | None = None
    turns: Annotated[int, Field(ge=1, le=10_000)] | None = None
    under: FileIds = ()
    mode: EndingName | None = None
    is_: PerMille | None = Field(default=None, alias="is")
    give: Annotated[int, Field(ge=0, le=200)] = 0
    between: Annotated[tuple[PerMille, PerMille], Field(strict=False)] | None = None
    at_most: PerMille | None = None
    at_least: PerMille | None = None
    about: Text | None = None
    source: Text

    @model_validator(mode="after")
    def _one_statement(self) -> Self:
        if bool(self.share) == (self.mode is not None):
            raise ValueError("say either which share is meant (share) or which is the mode")
        if self.mode and (self.given or self.without or self.by or self.turns):
            raise ValueError("a mode is taken over whole runs and goes with no other condition")
        if self.by and self.turns:
            raise ValueError("either by (a day) or turns, not both")
        said = (self.is_, self.between, self.at_most, self.at_least)
        stated = sum(value is not None for value in said)
        if stated != (0 if self.mode else 1):
            raise ValueError("say one of: is, between, at_most, at_least; for a mode none of them")
        if self.between and self.between[0] > self.between[1]:
            raise ValueError("between: the smaller number comes first")
        if self.give and self.is_ is None:
            raise ValueError("give goes with is")
        return self

    @property
    def range(self) -> tuple[float, float]:
        """The shares that agree with what was said, 0 to 1; for a mode, its lead."""
        if self.is_ is not None:
            # Said in whole per mille, 53 stands for anything that rounds to it.
            half = max(self.give, 0.5)
            return max(0.0, (self.is_ - half) / 1000), min(1.0, (self.is_ + half) / 1000)
        if self.between is not None:
            return self.between[0] / 1000, self.between[1] / 1000
        low = 0 if self.at_least is None else self.at_least
        return low / 1000, (1000 if self.at_most is None else self.at_most) / 1000


class TargetsSpec(EvidenceFile):
    """A file of targets: what one worldview is made to agree with."""

    scenario: FileId
    for_: Many[FileId] = Field(default=(), alias="for")
    dials: dict[DialName, DialSpec] = Field(default={})
    targets: Annotated[Many[TargetSpec], Field(min_length=1)]


def load_targets(name_or_path: str | Path) -> TargetsSpec:
    """Read a targets file, given by name (in ``scenarios/targets``) or path.

    Raises SpecError with all faults of the file.
    """
    found = read_data(TargetsSpec, FOLDER, name_or_path, "targets")
    findings = Findings()
    findings.unique("target", (target.id for target in found.targets))
    findings.stop()
    return found


# ------------------------------------------------------------------- what they mean in a scenario


@dataclass(frozen=True)
class Goal:
    """A target in one scenario: its names are known, its day has become a turn.

    rivals: for a mode, the other endings.
    """

    spec: TargetSpec
    turn: int | None
    rivals: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.spec.id

    def event(self, outcomes: Outcomes, header: RunHeader) -> Flags:
        """In which runs it came, shape (n,). For a mode: those that end in it."""
        came = happened(outcomes, header, self.names, self.turn)
        if self.spec.without is None:
            return came
        return came & ~happened(outcomes, header, (self.spec.without,), None)

    def condition(self, outcomes: Outcomes, header: RunHeader) -> Flags:
        """The runs that count, shape (n,)."""
        if self.spec.given is None:
            return np.ones(outcomes.n, dtype=np.bool_)
        return happened(outcomes, header, (self.spec.given,), None)

    @property
    def names(self) -> tuple[str, ...]:
        return self.spec.share or (str(self.spec.mode),)

    @property
    def label(self) -> str:
        """The share in short, as in ``kaboom by turn 4`` or ``KABOOM|kaboom``."""
        if self.spec.mode:
            return f"{self.spec.mode} leads"
        text = "+".join(self.names) + (f"|{self.spec.given}" if self.spec.given else "")
        text += f" without {self.spec.without}" if self.spec.without else ""
        text += f" by turn {self.turn}" if self.turn else ""
        return text + (f" [{'+'.join(self.spec.under)}]" if self.spec.under else "")


def happened(
    outcomes: Outcomes, header: RunHeader, names: Sequence[str], turn: int | None
) -> Flags:
    """Which runs came to one of these endings or milestones, by this turn if one is given."""
    found = np.zeros(outcomes.n, dtype=np.bool_)
    for name in names:
        if name in header.milestones:
            when = outcomes.reached[header.milestones.index(name)]
            came = when > 0
        else:
            when = outcomes.turn
            came = outcomes.ending == header.endings.index(name)
        found |= came if turn is None else came & (when <= turn)
    return found


def resolve(targets: TargetsSpec, scenario: Scenario) -> tuple[Goal, ...]:
    """The goals that the targets set in a scenario.

    Raises SpecError with every name it does not know and every day that lies outside it.
    """
    findings, header = Findings(), scenario.header
    known = (*header.endings, *header.milestones)
    goals = []
    for target in targets.targets:
        for name in (*target.share, target.mode, target.given, target.without):
            if name is not None and name not in known:
                findings.unknown("ending or milestone", name, known)
        turn = target.turns
        if target.by is not None:
            turn = turn_of(target.by, scenario)
        if turn is not None and not 1 <= turn <= scenario.horizon:
            when = target.by or f"turn {turn}"
            findings.add(f"{when} is outside {header.scenario}", target)
        rivals = tuple(name for name in header.endings if target.mode and name != target.mode)
        goals.append(Goal(target, turn, rivals))
    findings.stop()
    return tuple(goals)


# ------------------------------------------------------------------------------- are they met?


@dataclass(frozen=True)
class Fit(Result):
    """What a batch says to one target.

    goal_low, goal_high: the shares that agree with what was said. share, low, high: of the
    batch, `count` of `n`, with intervals that hold together for all targets. For a mode, all of
    them speak of its lead over the next ending, `rival`.
    """

    ALSO = ("met", "inside")

    id: str
    label: str
    goal_low: float
    goal_high: float
    count: int
    n: int
    share: float
    low: float
    high: float
    rival: str = ""

    @property
    def met(self) -> bool:
        """The interval leaves what was said possible."""
        return self.n > 0 and self.low <= self.goal_high and self.high >= self.goal_low

    @property
    def inside(self) -> bool:
        """The share itself agrees with what was said."""
        return self.n > 0 and self.goal_low <= self.share <= self.goal_high

    def words(self, lang: str = "en") -> str:
        """One line, as in ``KABOOM|kaboom: 56.1 % (54 to 58 %) of 15,012 runs, said: 56 %``."""
        places = decimals(50 * (self.high - self.low))
        found = percent(self.share, places) if self.n else "-"
        between = interval(self.low, self.high, lang, places)
        yes, no = say(lang, en="met", ja="一致"), say(lang, en="NOT met", ja="不一致")
        verdict = yes if self.met else no
        said = _said(self.goal_low, self.goal_high, lang)
        if self.rival:
            said = say(lang, en=f"more than {self.rival}", ja=f"{self.rival}を上回る")
        return say(
            lang,
            en=f"{self.label}: {found} ({between}) of {counted(self.n, 'run')}; "
            f"said {said}: {verdict}",
            ja=f"{self.label}：{whole(self.n)}回中{found}（{between}）、予測{said}：{verdict}",
        )


def _said(low: float, high: float, lang: str) -> str:
    if low <= 0:
        return say(lang, en=f"at most {percent(high)}", ja=f"{percent(high)}以下")
    if high >= 1:
        return say(lang, en=f"at least {percent(low)}", ja=f"{percent(low)}以上")
    if high - low <= 0.0101:
        return percent((low + high) / 2)
    return interval(low, high, lang)


def measure(
    goals: Sequence[Goal],
    outcomes: dict[tuple[str, ...], Outcomes],
    header: RunHeader,
    alpha: float = 0.05,
) -> tuple[Fit, ...]:
    """How far outcomes agree with the goals; `outcomes` by the policies laid over.

    The intervals hold together for all goals (exact, Bonferroni).
    """
    z = critical(alpha, len(goals))
    return tuple(_fit(goal, outcomes[goal.spec.under], header, z) for goal in goals)


def _fit(goal: Goal, outcomes: Outcomes, header: RunHeader, z: float) -> Fit:
    inside = goal.condition(outcomes, header)
    count, n = int((goal.event(outcomes, header) & inside).sum()), int(inside.sum())
    if goal.rivals:
        return _lead(goal, outcomes, header, count, z)
    low, high = share_interval(count, n, z)
    return Fit(
        id=goal.id,
        label=goal.label,
        goal_low=goal.spec.range[0],
        goal_high=goal.spec.range[1],
        count=count,
        n=n,
        share=count / n if n else float("nan"),
        low=float(low),
        high=float(high),
    )


def _lead(goal: Goal, outcomes: Outcomes, header: RunHeader, count: int, z: float) -> Fit:
    """The lead of the mode: a difference of two shares of one multinomial (normal interval)."""
    n = outcomes.n
    others = {name: int(happened(outcomes, header, (name,), None).sum()) for name in goal.rivals}
    rival = max(others, key=lambda name: others[name])
    lead = (count - others[rival]) / n
    half = z * float(np.sqrt(max(0.0, (count + others[rival]) / n - lead * lead) / n))
    return Fit(
        id=goal.id,
        label=goal.label,
        goal_low=0.0,
        goal_high=1.0,
        count=count,
        n=n,
        share=lead,
        low=max(-1.0, lead - half),
        high=min(1.0, lead + half),
        rival=rival,
    )


def settings_of(goals: Sequence[Goal]) -> Iterator[tuple[str, ...]]:
    """The sets of policies under which the goals speak, each once."""
    yield from dict.fromkeys(goal.spec.under for goal in goals)
