"""Endings too rare to be counted: splitting, by which runs climb to them level by level.

How near a run has come is measured by its *height*: by default the sum of all dyads' stages and,
above those, how many milestones it has passed; an author may name any expression instead. A pilot
of plain runs climbs once and sets the levels, each such that about a quarter of the runs reach
it. Then, independently of the pilot, every replicate starts `effort` runs, stops each at the
moment it first reaches the first level, starts `effort` clones of those from there, and so on up
to the ending itself. The product of the shares that went on is an unbiased estimate of the
ending's share, however well or badly the height was chosen; a bad choice only widens the interval.

Clones share their past and nothing else: each stage of the climb draws from luck of its own name.
Since clones of one level were stopped at different turns, they wait and join the others when
their turn comes. Replicates share arrays, never runs or luck.

Source: Kahn and Harris 1951; fixed effort: Garvels 2000; levels from a pilot: Cerou and Guyader
2007, Stochastic Analysis and Applications 25:417.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.analysis.calibration.sampling import about
from wargame.backends.simulate import CHUNK, play_runs
from wargame.backends.turn import begin, play
from wargame.batches.playing import LastFew
from wargame.batches.store.columns import Columns
from wargame.batches.study import Jobs, OnProgress, studying
from wargame.compiler import compile_scenario
from wargame.content.spec import DerivedSpec, Expr, Spec
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.engine.world import World
from wargame.errors import SpecError, WargameError, counted, no_such
from wargame.replay.log_file import canonical
from wargame.statistics.rare import RareShare, combine_replicates
from wargame.statistics.result import Result, percent, say, whole

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

HEIGHT = "splitting.height"
ONWARD = 0.25  # the share of runs that a level should let through
MOST_LEVELS = 60
ARRIVED = 2**40  # the height of a run that is there: above every expression's


@dataclass(frozen=True)
class RareEstimate(Result):
    """A rare share and how it was found.

    height: what was climbed, as an expression or in words; levels: the heights that were stops,
    before the ending itself. effort: runs of each replicate at each level. pilot_hits of
    pilot_runs plain runs, which the estimate did not use, got there; `agrees` says whether both
    can be true. cost: the work, in plain runs from beginning to end.
    """

    ALSO = ("gain",)

    share: RareShare
    height: str
    levels: tuple[int, ...]
    effort: int
    seed: int
    pilot_hits: int
    pilot_runs: int
    agrees: bool
    cost: float

    @property
    def gain(self) -> float | None:
        """How many times the work plain runs would take for the same standard error."""
        return None if self.share.crude_runs is None else self.share.crude_runs / self.cost

    def words(self, lang: str = "en") -> str:
        """The estimate, the climb, and the check against plain runs."""
        lines = [self.share.words(lang)]
        cost = round(self.cost)
        onward = [percent(level, 0) for level in self.share.levels]
        lines.append(
            say(
                lang,
                en=f"climbed: {self.height}, by levels {', '.join(map(str, self.levels)) or '-'}; "
                f"going on at each: {', '.join(onward)}",
                ja=f"登った尺度：{self.height}、段階{'、'.join(map(str, self.levels)) or '-'}。"
                f"各段階を越えた割合：{'、'.join(onward)}",
            )
        )
        work = say(
            lang,
            en=f"work: that of {counted(cost, 'plain run')}",
            ja=f"計算量：通常の実行{whole(cost)}回分",
        )
        if self.gain is not None:
            times = f"{self.gain:,.1f}" if self.gain < 10 else f"{self.gain:,.0f}"
            work += say(
                lang,
                en=f"; plain runs would take {times} times as much",
                ja=f"。通常の実行だけなら{times}倍かかる",
            )
        lines.append(work)
        seen = f"{whole(self.pilot_hits)} / {whole(self.pilot_runs)}"
        lines.append(
            say(
                lang,
                en=f"check: {seen} plain runs of the pilot got there, which "
                + ("agrees" if self.agrees else "does NOT agree"),
                ja=f"照合：予備に行った通常の実行では{seen}。"
                + ("整合する" if self.agrees else "整合しない"),
            )
        )
        return "\n".join(lines)


def rare_share(
    spec: Spec,
    state: str,
    *,
    height: str = "",
    levels: Sequence[int] = (),
    effort: int = 400,
    replicates: int = 40,
    pilot: int = 2000,
    seed: int | None = None,
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
) -> RareEstimate:
    """Estimate the share of runs that end in, or pass through, `state`, down to 1e-6 and below.

    state: an ending or a milestone. height: an expression over gauges, unknowns and ladders that
    grows on the way to it; left out, sum of stages and milestones. levels: heights to stop at,
    ascending; left out, the pilot finds them. effort: runs at each level of each replicate.
    pilot: plain runs for finding levels and for the check. jobs: processes, or a study: a
    replicate has luck of its own, so the estimate is the same for any. on_progress: told (done,
    all) replicates.
    Raises SpecError for a bad expression, WargameError for an unknown state, for numbers that
    make no sense, or where there is nothing to climb.
    """
    if replicates < 2 or effort < 10 or pilot < 100:
        raise WargameError(
            "splitting needs 2 replicates or more, 10 runs or more at each level of each, "
            "and 100 or more for the pilot"
        )
    if list(levels) != sorted(set(levels)):
        raise WargameError("levels must be whole numbers that grow")
    goal = _Goal.of(spec, state, height)
    luck = goal.scenario.header.seed if seed is None else seed
    key = canonical([about(spec), state, height])
    _goals.put(key, goal)
    settings = {"key": key, "spec": spec, "state": state, "height": height, "luck": luck}
    with studying(jobs) as study:

        def stage(what: str, rows: int, chunk: int | None = None, **more: Any) -> Columns:
            return study.map(
                what,
                f"{__name__}:{what}",
                range(rows),
                about=[key, luck, more],
                settings=settings | more,
                chunk=chunk,
                on_progress=on_progress if what == "climbs" else None,
            )

        plain = stage("plain_runs", pilot)
        stops = tuple(levels)
        if not stops:
            found = stage("pilot", 1, effort=max(effort, pilot // 4))
            stops = tuple(found["levels"][0, : found["number"][0]].tolist())
        together = max(1, min(CHUNK // effort, -(-replicates // study.jobs)))
        climbed = stage("climbs", replicates, together, effort=effort, stops=list(stops))
    pilot_hits = int(np.count_nonzero(plain["arrived"]))
    counts = climbed["counts"]
    tried = np.full(counts.shape, effort)
    tried[:, 1:][counts[:, :-1] == 0] = 0
    share = combine_replicates(state, counts, tried)
    return RareEstimate(
        share=share,
        height=goal.called,
        levels=stops,
        effort=effort,
        seed=luck,
        pilot_hits=pilot_hits,
        pilot_runs=pilot,
        agrees=share.agrees(pilot_hits, pilot),
        cost=int(climbed["work"].sum()) / float(plain["turn"].mean()),
    )


@dataclass(frozen=True)
class _Goal:
    """What is climbed to: the scenario with the height as a cell, and the state's index."""

    scenario: Scenario
    ending: int
    milestone: int
    above: int  # what one milestone counts for, more than any sum of stages
    called: str

    @classmethod
    def of(cls, spec: Spec, state: str, height: str) -> _Goal:
        file = spec.scenario
        endings, milestones = list(file.endings), list(file.milestones)
        if state not in (*endings, *milestones):
            known = (*endings, *milestones)
            raise WargameError(no_such("ending or milestone", state, known))
        above, text, called = 0, height, height
        if not height:
            if not (file.dyads or set(milestones) - {state}):
                raise WargameError(
                    "this scenario has neither ladder nor milestones to climb by: "
                    "name an expression that grows on the way, for example --levels state"
                )
            stages = [f"stage({', '.join(dyad.split('-'))})" for dyad in file.dyads]
            text = " + ".join(stages) or "0"
            above = 9 * len(stages) + 1
            passed = [f"{above} * milestones" if stages else "milestones"] if milestones else []
            called = " + ".join([*stages, *passed])
        derived = {**file.derived, HEIGHT: DerivedSpec(value=Expr(text))}
        file = file.model_copy(update={"derived": derived})
        try:
            scenario = compile_scenario(replace(spec, scenario=file))
        except SpecError as error:
            # The expression was typed, not read from a file: it has no line worth telling.
            typed = Expr(text).at
            raise SpecError(
                [replace(f, at=None) if f.at == typed else f for f in error.faults]
            ) from None
        return cls(
            scenario=scenario,
            ending=endings.index(state) if state in endings else -1,
            milestone=milestones.index(state) if state in milestones else -1,
            above=above,
            called=called,
        )

    def arrived(self, ending: Ints, reached: Ints) -> Flags:
        """Which runs are there; ending: n, reached: milestones x n."""
        there: Flags = reached[self.milestone] > 0 if self.ending < 0 else ending == self.ending
        return there

    def height(self, world: World) -> Ints:
        """How near each run is, n; `ARRIVED` where it is there."""
        reached = self.scenario.reached(world.cells)
        height = world[HEIGHT].astype(np.int64) + self.above * np.count_nonzero(reached, axis=0)
        return np.where(self.arrived(world.ending, reached), ARRIVED, height)


_goals: LastFew[_Goal] = LastFew()


def _goal(task: dict[str, Any]) -> _Goal:
    return _goals.get(task["key"], lambda: _Goal.of(task["spec"], task["state"], task["height"]))


def plain_runs(task: dict[str, Any]) -> Columns:
    """Which plain runs are there in the end, and how long each was."""
    goal, runs = _goal(task), np.arange(task["start"], task["stop"])
    plain = play_runs(goal.scenario, runs, task["luck"], "splitting/check")
    return {"arrived": goal.arrived(plain.ending, plain.reached), "turn": plain.turn}


def pilot(task: dict[str, Any]) -> Columns:
    """Where to stop: a row with the levels, of which so many count."""
    levels = _pilot_levels(_goal(task), task["luck"], task["effort"])
    row = np.zeros((1, MOST_LEVELS), dtype=np.int64)
    row[0, : len(levels)] = levels
    return {"levels": row, "number": np.array([len(levels)])}


def climbs(task: dict[str, Any]) -> Columns:
    """How many runs of each replicate came to each stop and, last, were there; turns played."""
    replicates = range(task["start"], task["stop"])
    climb = _Climb(_goal(task), task["luck"], "splitting", task["effort"], replicates)
    return {"counts": climb.counts(task["stops"]), "work": climb.run_turns}


class _Climb:
    """Several replicates on their way up together.

    Run number k belongs to replicate k // effort; stage s draws the luck ``name/s``.
    """

    def __init__(self, goal: _Goal, seed: int, name: str, effort: int, replicates: range) -> None:
        self.goal = goal
        self.seed = seed
        self.name = name
        self.effort = effort
        self.replicates = replicates
        self.run_turns = np.zeros(len(replicates), dtype=np.int64)
        runs = np.arange(replicates.start * effort, replicates.stop * effort)
        self.starts = [begin(goal.scenario, Luck(seed, runs, f"{name}/0"))]
        self.stage = 0

    def counts(self, levels: Sequence[int]) -> Ints:
        """Runs of each replicate that reached each level and, last, the state itself."""
        found = np.zeros((len(self.replicates), len(levels) + 1), dtype=np.int64)
        for place, level in enumerate((*levels, ARRIVED)):
            entries = list(self.entries(level))
            runs = np.concatenate([entry.runs for entry in entries] or [np.empty(0, np.int64)])
            found[:, place] = self.of_replicates(runs)
            if not runs.size:
                break
            if level != ARRIVED:
                self.clone(entries)
        return found

    def of_replicates(self, runs: Ints) -> Ints:
        """How many of these runs belong to each replicate."""
        owner = runs // self.effort - self.replicates.start
        return np.bincount(owner, minlength=len(self.replicates))

    def entries(self, level: int) -> Iterator[World]:
        """The worlds in which runs first stand at `level` or above, one for each turn."""
        for world, height in self._turns(level):
            up = np.flatnonzero(height >= level)
            if up.size:
                yield world.take(up)

    def tops(self) -> Ints:
        """The greatest height that each run of this stage reaches, of one replicate: effort."""
        tops = np.full(self.effort, -ARRIVED, dtype=np.int64)
        for world, height in self._turns(ARRIVED):
            np.maximum.at(tops, world.runs % self.effort, height)
        return tops

    def _turns(self, stop: int) -> Iterator[tuple[World, Ints]]:
        """Every turn's world, and the heights in it; runs that stand at `stop` go no further."""
        scenario, going = self.goal.scenario, None
        starts = {world.turn: world for world in self.starts}
        for turn in range(min(starts), scenario.horizon + 1):
            if going is not None and going.n:
                luck = Luck(self.seed, going.runs, f"{self.name}/{self.stage}")
                self.run_turns += self.of_replicates(going.runs)
                going, _ = play(scenario, going, luck)
            if turn in starts:
                going = starts[turn] if going is None else _together(going, starts[turn])
            if going is not None and going.n:
                height = self.goal.height(going)
                yield going, height
                going = going.take(np.flatnonzero((height < stop) & going.running))
                if going.n == 0:
                    going = None

    def clone(self, entries: Sequence[World]) -> None:
        """Start the next stage: every replicate's entries, each as often as any other, or one more.

        Which get the one more is drawn, so that none is favoured.
        """
        self.stage += 1
        runs = np.concatenate([world.runs for world in entries])
        words = Luck(self.seed, runs, f"{self.name}/{self.stage}").words("splitting.clone", 0)
        copies = np.zeros(runs.size, dtype=np.int64)
        for replicate in self.replicates:
            mine = np.flatnonzero(runs // self.effort == replicate)
            if mine.size:
                each, more = divmod(self.effort, mine.size)
                copies[mine] = each
                copies[mine[np.argsort(words[mine], kind="stable")[:more]]] += 1
        # Clones are numbered within their replicate, in the order of their turns.
        owner = np.repeat(runs // self.effort, copies)
        order = np.argsort(owner, kind="stable")
        number = np.empty(owner.size, dtype=np.int64)
        number[order] = owner[order] * self.effort + np.arange(owner.size) % self.effort
        parts = np.split(copies, np.cumsum([world.n for world in entries])[:-1])
        ends = np.cumsum([part.sum() for part in parts])
        self.starts = [
            world.take(np.repeat(np.arange(world.n), part), number[end - part.sum() : end])
            for world, part, end in zip(entries, parts, ends, strict=True)
            if part.sum()
        ]


def _pilot_levels(goal: _Goal, seed: int, effort: int) -> tuple[int, ...]:
    """Heights that about a quarter of the runs reach from the level before, up to the state."""
    climb = _Climb(goal, seed, "splitting/pilot", effort, range(1))
    levels: list[int] = []
    while len(levels) < MOST_LEVELS:
        tops = climb.tops()
        if np.mean(tops == ARRIVED) >= ONWARD:
            break
        higher = np.unique(tops[(tops > (levels[-1] if levels else -ARRIVED)) & (tops < ARRIVED)])
        shares = np.array([np.mean(tops >= level) for level in higher])
        higher, shares = higher[shares <= 2 * ONWARD], shares[shares <= 2 * ONWARD]
        if not higher.size:
            break
        levels.append(int(higher[np.abs(np.log(shares / ONWARD)).argmin()]))
        climb.clone(list(climb.entries(levels[-1])))
    return tuple(levels)


def _together(one: World, other: World) -> World:
    """The runs of two worlds of the same turn side by side."""
    return replace(
        one,
        cells=np.concatenate([one.cells, other.cells], axis=1),
        runs=np.concatenate([one.runs, other.runs]),
        ending=np.concatenate([one.ending, other.ending]),
        ended=np.concatenate([one.ended, other.ended]),
        trail=np.concatenate([one.trail, other.trail]),
    )
