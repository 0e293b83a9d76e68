"""Telling runs of a batch: those that a teacher would open first.

The most typical run of each ending; the narrowest escape, the run that came closest to the worst
ending and did not reach it; the sharpest turning point, the turn that moved the odds most; and the
longest spiral, the longest climb in which no dyad stepped down. A run stands under one heading: for
the next, the runner-up is taken, and is called that. Only the choice is made here: each pick names
a run that can be opened with `read_playthrough`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wargame.analysis.odds import Odds, odds_of
from wargame.backends.simulate import finish
from wargame.backends.turn import begin
from wargame.batches.batch import Batch
from wargame.batches.open_run import batch_run
from wargame.batches.store.plan import BASELINE
from wargame.batches.study import OnProgress
from wargame.compiler.cached import compiled
from wargame.engine.randomness import Luck
from wargame.engine.record import TurnRecord
from wargame.engine.scenario import Scenario
from wargame.engine.world import World
from wargame.errors import StoreError, counted, no_such
from wargame.statistics.result import interval
from wargame.statistics.shares import critical, share_interval

Kind = Literal["typical", "escape", "turning", "spiral"]
Columns = Mapping[str, npt.NDArray[Any]]

WORST = "KABOOM"
MOST_SPIRALS = 2000
"""So many runs, those that climbed highest, are simulated again to find the longest spiral."""


@dataclass(frozen=True)
class Pick:
    """A run worth opening: which, why, and the numbers that say so.

    where: what `read_playthrough` takes. turn: the turn to look at, 0 for the whole run. further:
    whether runs that stand under another heading come before it.
    """

    kind: Kind
    run: int
    where: str
    ending: str
    turn: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)
    further: bool = False

    def words(self, lang: str = "en", called: Callable[[str], str] = str) -> str:
        """One sentence: why this run was picked; `called` says what an ending is called."""
        get, ending, worst = self.numbers.get, called(self.ending), called(WORST)
        others = ""
        if self.further:
            others = "ほかの実行のうち" if lang == "ja" else " of the other runs"
        if self.kind == "typical":
            share, of = f"{100 * get('share', 0):.1f} %", f"{get('of', 0):,.0f}"
            if lang == "ja":
                return f"「{ending}」で終わる典型的な実行（全実行{of}回の{share}がこの終わり方）"
            return f"A typical run to {ending}, as {share} of {of} model runs end"
        if self.kind == "escape":
            share, futures = f"{100 * get('share', 0):.0f} %", int(get("of", 0))
            low, high = share_interval(round(get("share", 0) * futures), futures, critical(0.05))
            between = interval(float(low), float(high), lang, 0)
            if lang == "ja":
                return (
                    f"{others}際どい回避：第{self.turn}ターンの後、未来{futures}通りの{share}（{between}）が"
                    f"「{worst}」に至ったが、「{ending}」で終わった"
                )
            return (
                f"A narrow escape{others}: after turn {self.turn}, {share} of {futures} futures "
                f"({between}) led to {worst}, yet it ended in {ending}"
            )
        if self.kind == "turning":
            moved, futures = f"{100 * get('stir', 0):.0f} %", int(get("of", 0))
            if lang == "ja":
                return (
                    f"{others}鋭い転機：第{self.turn}ターンで未来{futures}通りの約{moved}が"
                    "行方を変えた"
                )
            return (
                f"A sharp turn{others}: turn {self.turn} changed where about {moved} of "
                f"{futures} futures end"
            )
        length, rises = int(get("turns", 0)), int(get("rises", 0))
        if lang == "ja":
            return f"{others}最も長い連鎖：{length}ターンのあいだ一度も下がらず、{rises}段上がった"
        return (
            f"The longest spiral{others}: {counted(length, 'turn')} without a step down, "
            f"{counted(rises, 'step')} up"
        )

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {**vars(self), "numbers": dict(self.numbers), "why": self.words()}


def pick_runs(
    batch: Batch,
    variant: str = BASELINE,
    *,
    candidates: int = 6,
    futures: int = 100,
    jobs: int = 1,
    on_progress: OnProgress | None = None,
) -> tuple[Pick, ...]:
    """Choose the telling runs of a variant of a batch.

    candidates, futures: so many runs that look like narrow escapes are looked at turn by turn,
    with so many futures each. Raises StoreError if nothing was played.
    """
    if variant not in batch.headers:
        raise StoreError(f"{batch.folder}: {no_such('policy', variant, batch.headers)}")
    runs, columns = _all_columns(batch, variant)
    header = batch.headers[variant]
    scenario = compiled(batch.inputs(variant))

    picks: list[Pick] = []
    named: set[int] = set()

    def pick(kind: Kind, place: int, turn: int = 0, first: int | None = None, **n: float) -> None:
        run = int(runs[place])
        row = f"{run}" if variant == BASELINE else f"{variant}/{run}"
        ending = header.endings[columns["ending"][place]]
        further = first is not None and first != place
        picks.append(Pick(kind, run, f"{batch.folder}#{row}", ending, turn, n, further))
        named.add(place)

    for index, _ in enumerate(header.endings):
        rows = np.flatnonzero(columns["ending"] == index)
        if rows.size:
            share = rows.size / runs.size
            pick("typical", _typical(columns, rows), share=share, of=runs.size)

    height = _height(columns)
    worst = header.endings.index(WORST) if WORST in header.endings else -1
    spared = np.flatnonzero(columns["ending"] != worst)
    near = [int(place) for place in spared[np.lexsort((spared, -height[spared]))][:candidates]]
    typical = [int(np.searchsorted(runs, pick.run)) for pick in picks]
    places = list(dict.fromkeys([*near, *typical]))
    looked: dict[int, Odds] = {}
    for place in places:
        replay = batch_run(batch, int(runs[place]), variant, scenario)
        progress = _share_of(on_progress, len(looked), len(places))
        looked[place] = odds_of(replay, futures, jobs, progress)
    if worst >= 0 and near:
        shares = {place: [s.share for s in looked[place].curve(WORST)] for place in near}
        closest = sorted(
            (place for place, by_turn in shares.items() if any(by_turn)),
            key=lambda place: (-max(shares[place]), place),
        )
        if closest:  # else none came near
            place = _unnamed(closest, named)
            turn = int(np.argmax(shares[place]))
            pick("escape", place, turn, closest[0], share=shares[place][turn], of=futures)
    stirs = {
        place: [odds.stir(turn) for turn in range(1, odds.turns + 1)]
        for place, odds in looked.items()
        if odds.turns
    }
    if stirs:
        sharpest = sorted(stirs, key=lambda place: (-max(stirs[place]), place))
        place = _unnamed(sharpest, named)
        stir = max(stirs[place])
        pick("turning", place, stirs[place].index(stir) + 1, sharpest[0], stir=stir, of=futures)
    climbs = _climbs(scenario, header.seed, runs, height)
    if climbs:
        longest = list(climbs)
        place = _unnamed(longest, named)
        begun, length, rises = climbs[place]
        pick("spiral", place, begun, longest[0], turns=length, rises=rises)
    return tuple(picks)


def _unnamed(places: Sequence[int], named: set[int]) -> int:
    """The first of the places that stands under no heading yet; the first if all of them do."""
    return next((place for place in places if place not in named), places[0])


def _share_of(on_progress: OnProgress | None, step: int, steps: int) -> OnProgress | None:
    """Progress of one of several equal steps, as progress of the whole."""
    if on_progress is None:
        return None
    tell = on_progress
    return lambda done, total: tell(step * total + done, steps * total)


def _all_columns(batch: Batch, variant: str) -> tuple[npt.NDArray[np.int64], Columns]:
    """The run numbers that were played, and how these runs went."""
    header = batch.headers[variant]
    names = [
        "ending",
        "turn",
        *(f"reached.{name}" for name in header.milestones),
        *(f"peak.{name}" for name in header.dyads),
    ]
    runs: list[npt.NDArray[np.int64]] = []
    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}
    for numbers, columns in batch.columns(variant, names):
        runs.append(np.arange(numbers.start, numbers.stop))
        for name in names:
            parts[name].append(columns[name])
    if not runs:
        raise StoreError(f"{batch.folder} holds no runs of {variant} yet")
    order = np.argsort(np.concatenate(runs), kind="stable")
    return (
        np.concatenate(runs)[order],
        {name: np.concatenate(part)[order] for name, part in parts.items()},
    )


def _typical(columns: Columns, rows: npt.NDArray[np.intp]) -> int:
    """The place of the run that lies nearest to the middle of `rows` in every respect."""
    distance = np.zeros(rows.size)
    for name, column in columns.items():
        if name == "ending":
            continue
        values = column[rows].astype(np.float64)
        spread = float(np.abs(values - np.median(values)).mean())
        if spread:
            distance += np.abs(values - np.median(values)) / spread
    return int(rows[np.argmin(distance)])


def _height(columns: Columns) -> npt.NDArray[np.int64]:
    """How far up a run went: milestones count first, then the peaks of all dyads."""
    reached = [column > 0 for name, column in columns.items() if name.startswith("reached.")]
    peaks = [column for name, column in columns.items() if name.startswith("peak.")]
    total = np.zeros(columns["ending"].size, dtype=np.int64)
    for flags in reached:
        total += 100 * flags
    for peak in peaks:
        total += peak.astype(np.int64)
    return total


def _climbs(
    scenario: Scenario,
    seed: int,
    runs: npt.NDArray[np.int64],
    height: npt.NDArray[np.int64],
) -> dict[int, tuple[int, int, int]]:
    """(first turn, turns, steps up) of each run's longest climb, by its place, the longest first.

    A climb runs from a first rise to a last one, without a fall of any dyad in between.
    """
    places = np.sort(np.lexsort((runs, -height))[:MOST_SPIRALS])
    luck = Luck(seed, runs[places])
    world = begin(scenario, luck)
    watch = _Climbs(runs[places], scenario.dyads(world.cells, "stage"))
    finish(scenario, world, luck, watch=watch)
    order = np.argsort(-watch.best, kind="stable")[: np.count_nonzero(watch.best)]
    return {
        int(places[i]): (int(watch.since[i]), int(watch.best[i]), int(watch.steps[i]))
        for i in order
    }


class _Climbs:
    """Watches many runs and keeps the longest climb of each."""

    def __init__(self, runs: npt.NDArray[np.int64], stage: npt.NDArray[Any]) -> None:
        n = runs.size
        self.runs = runs
        self.stage = stage.astype(np.int64)
        self.best, self.since, self.steps = (np.zeros(n, dtype=np.int64) for _ in range(3))
        self._first, self._risen = (np.zeros(n, dtype=np.int64) for _ in range(2))

    def __call__(self, world: World, record: TurnRecord) -> None:
        at = np.searchsorted(self.runs, world.runs)
        step = record.stage - self.stage[:, at]
        self.stage[:, at] = record.stage
        rose, fell = (step > 0).any(axis=0), (step < 0).any(axis=0)
        first = np.where(fell, 0, self._first[at])
        risen = np.where(fell, 0, self._risen[at])
        rose &= ~fell
        first = np.where(rose & (first == 0), record.turn, first)
        risen += np.where(rose, np.maximum(step, 0).sum(axis=0), 0)
        self._first[at], self._risen[at] = first, risen
        length = np.where(rose, record.turn - first + 1, 0)
        longer = length > np.maximum(self.best[at], 1)
        where = at[longer]
        self.best[where], self.since[where] = length[longer], first[longer]
        self.steps[where] = risen[longer]
