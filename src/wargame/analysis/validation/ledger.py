"""Every number in the model: where it stands, what it rests on, how much depends on it.

The ledger has a row for whatever an author can change as one: where a gauge starts, a rule's
weights, a move's effects. Rows are sorted by how far the endings moved when the row was turned
alone, under the same luck, as far as `levers` says, unknowns to their 10th and 90th percentile. A
row of which several numbers can be turned each alone, as a rule with its thresholds, shows what
the one does that moves most. Only rows that rest on an assumption are turned; of these, only those
that stood out in a screening are measured closely. The rest says so: not measured is not the same
as harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from wargame.analysis.sensitivity.answer import Difference, Sensitivity
from wargame.analysis.sensitivity.parameters import with_levers
from wargame.analysis.sensitivity.parameters.parameter import assumed, both, shown_file
from wargame.analysis.sensitivity.parameters.playing import quantile
from wargame.analysis.sensitivity.parameters.resistances import line_of
from wargame.analysis.sensitivity.study import BASELINE, SCREEN, Players, sensitivity
from wargame.backends.turn import begin
from wargame.batches.study import Jobs, OnProgress, studying
from wargame.compiler import compile_scenario
from wargame.content.load import load
from wargame.content.source_marks import NOWHERE
from wargame.content.spec import ActorSpec, ChanceSpec, Expr, MoveSpec, RuleSpec, Spec, Text
from wargame.engine import ladder
from wargame.engine.randomness import Luck
from wargame.errors import Mark, agreeing, counted
from wargame.statistics.compare import adjust
from wargame.statistics.paired import difference_interval, mcnemar
from wargame.statistics.result import Result, say, signed, signed_interval, whole
from wargame.statistics.shares import critical

Kind = Literal[
    "start",
    "noise",
    "unknown",
    "derived",
    "drift",
    "rule",
    "weight",
    "effects",
    "odds",
    "chance",
    "outcomes",
    "inject",
    "tie",
    "dyad",
    "goal",
    "ladder",
]
Status = Literal["measured", "screened", "unmeasured"]

Numbers = list[tuple[str, object, object]]  # part, value, what knows the place

KINDS: Mapping[Kind, tuple[str, str]] = {
    "unknown": ("unknowns", "未知数"),
    "rule": ("rules of the actors", "主体の規則"),
    "weight": ("weights of moves", "手の重み"),
    "effects": ("effects and heat of moves", "手の効果と熱"),
    "odds": ("conditions and success of moves", "手の条件と成否"),
    "chance": ("frequency of events", "出来事の頻度"),
    "outcomes": ("outcomes of events", "出来事の結果"),
    "drift": ("pace of drifts", "自然な変化の速さ"),
    "derived": ("derived gauges", "導出される量"),
    "start": ("starts of gauges", "計器の初期値"),
    "noise": ("noise of perception", "認識の雑音"),
    "inject": ("dated news", "日付のある知らせ"),
    "tie": ("ties", "結びつき"),
    "dyad": ("starting stages", "開始時の段階"),
    "goal": ("milestones and endings", "節目と結末"),
    "ladder": ("the ladder", "段階の梯子"),
}

PARTS_JA = {"stage": "段階", "heat": "熱"}

_NUMBER = re.compile(r"(?<![\w.])\d+")


@dataclass(frozen=True)
class Number(Result):
    """One value as it is written: what it is of, its text, and its line."""

    part: str
    text: str
    line: int

    @property
    def count(self) -> int:
        """How many numbers the text holds."""
        return len(_NUMBER.findall(self.text))


@dataclass(frozen=True)
class Dependence(Result):
    """What one outcome does when the row is turned alone.

    less, more: the paired difference from the baseline when turned down and up, as (difference,
    low, high) in shares, 95 % each alone; None where the row cannot be turned that way. resolved:
    after adjusting over all rows and outcomes. part: which of the row's numbers was turned, where
    it was one of several.
    """

    outcome: str
    less: Difference | None
    more: Difference | None
    resolved: bool
    part: str = ""

    @property
    def sides(self) -> tuple[float, ...]:
        """The differences that there are, the lower side first."""
        return tuple(side[0] for side in (self.less, self.more) if side is not None)

    @property
    def reach(self) -> float:
        """The largest of the differences and of that between them, without its sign."""
        return max(abs(one) for one in (*self.sides, self.sides[-1] - self.sides[0]))

    def words(self, lang: str = "en") -> str:
        """Both differences, in percentage points."""
        less, more = (
            side and f"{signed(side[0])} ({signed_interval(*side[1:], lang)})"
            for side in (self.less, self.more)
        )
        text = say(
            lang,
            en=f"{less} down" if less else "cannot be turned down",
            ja=f"下げ {less}" if less else "下げられない",
        ) + say(
            lang,
            en=f", {more} up" if more else ", cannot be turned up",
            ja=f"、上げ {more}" if more else "、上げられない",
        )
        if not self.part:
            return text
        part = PARTS_JA.get(self.part, self.part)
        return say(lang, en=f"{self.part}: {text}", ja=f"{part}：{text}")


@dataclass(frozen=True)
class Row(Result):
    """What can be changed as one: its numbers, where they stand, and what depends on them.

    file: as a reader of the project knows it. assumed: the source says so, or there is none.
    status: measured closely; screened, and not among those that stood out; or unmeasured.
    depends: of a measured row, every outcome that is frequent enough, the most moved first.
    """

    kind: Kind
    name: str
    title: dict[str, str]
    unit: dict[str, str]
    source: str
    assumed: bool
    file: str
    numbers: tuple[Number, ...]
    status: Status = "unmeasured"
    depends: tuple[Dependence, ...] = ()

    @property
    def dependence(self) -> Dependence | None:
        """The outcome that moves most; those that are resolved come first."""
        return self.depends[0] if self.depends else None

    def on(self, outcome: str) -> Dependence | None:
        """What this outcome does, if it was measured."""
        return next((one for one in self.depends if one.outcome == outcome), None)

    @property
    def line(self) -> int:
        """The line of the first number."""
        return self.numbers[0].line

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return sum(number.count for number in self.numbers)


@dataclass(frozen=True)
class Ledger(Result):
    """All rows, those first on which most depends. pairs: runs behind each measured row."""

    ALSO = ("numbers",)

    scenario: str
    overlays: tuple[str, ...]
    pairs: int
    screened: int
    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def numbers(self) -> int:
        """How many numbers the model holds."""
        return sum(row.count for row in self.rows)

    def that(self, status: Status) -> tuple[Row, ...]:
        """The rows of one status."""
        return tuple(row for row in self.rows if row.status == status)

    def words(self, lang: str = "en") -> str:
        """How many numbers, how many are assumptions, how many were measured."""
        guessed = sum(row.count for row in self.rows if row.assumed)
        counts = [len(self.that(status)) for status in ("measured", "screened", "unmeasured")]
        return say(
            lang,
            en=f"{whole(self.numbers)} numbers in {whole(len(self.rows))} rows; "
            f"{whole(guessed)} of them are assumptions. {counted(counts[0], 'row')} "
            f"{agreeing(counts[0], 'was', 'were')} measured closely, "
            f"{counts[1]} screened and not among those that stood out, {counts[2]} not measured.",
            ja=f"{whole(len(self.rows))}行に{whole(self.numbers)}個の数値、"
            f"うち{whole(guessed)}個は仮定。{counts[0]}行を詳しく測り、{counts[1]}行は選別で目立たず、"
            f"{counts[2]}行は測っていない。",
        )


Depends = dict[tuple[str, str], tuple[Dependence, ...]]  # by the kind and name of a row


def ledger(
    name: str,
    overlays: Sequence[str] = (),
    pairs: int = 1000,
    screen: int = SCREEN,
    seed: int | None = None,
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
) -> Ledger:
    """The ledger of a scenario with its overlays, each by name or path.

    pairs: runs behind each measured row; 0 measures nothing. Raises SpecError and WargameError
    as `sensitivity` does.
    """
    spec = load(name, overlays)
    rows = list(rows_of(spec))
    depend: Depends = {}
    turned: set[tuple[str, str]] = set()
    if pairs:
        found = sensitivity(
            name,
            overlays=overlays,
            parts=("tornado",),
            pairs=pairs,
            screen=screen,
            seed=seed,
            jobs=jobs,
            on_progress=on_progress,
        )
        depend = _bars(found)
        depend |= _unknowns(spec, pairs, seed, jobs, on_progress)
        turned = {_row_of(lever.kind, lever.name) for lever in with_levers(spec)[1] if lever.sides}
    rows = [
        replace(
            row,
            depends=depend.get((row.kind, row.name), ()),
            status="measured"
            if (row.kind, row.name) in depend
            else "screened"
            if (row.kind, row.name) in turned
            else "unmeasured",
        )
        for row in rows
    ]
    order = {"measured": 0, "screened": 1, "unmeasured": 2}
    rows.sort(
        key=lambda row: (
            order[row.status],
            -(row.dependence.reach if row.dependence else 0.0),
            not row.assumed,
        )
    )
    return Ledger(
        scenario=spec.scenario.id,
        overlays=spec.overlay_names,
        pairs=pairs,
        screened=screen if pairs else 0,
        rows=tuple(rows),
    )


def _sorted(told: Iterable[Dependence]) -> tuple[Dependence, ...]:
    return tuple(sorted(told, key=lambda one: (not one.resolved, -one.reach)))


def _bars(found: Sensitivity) -> Depends:
    """For each row that was looked at closely, what each outcome does: where several of its
    numbers were turned, the one that moves the outcome most."""
    told: dict[tuple[str, str], dict[str, Dependence]] = {}
    for outcome, bars in found.tornado.items():
        for bar in bars:
            one = Dependence(outcome, bar.less, bar.more, bar.resolved, bar.part)
            ones = told.setdefault(_row_of(bar.kind, bar.lever), {})
            ones[outcome] = _sorted([one, *filter(None, [ones.get(outcome)])])[0]
    return {key: _sorted(ones.values()) for key, ones in told.items()}


def _row_of(kind: str, name: str) -> tuple[str, str]:
    """The row to which a lever belongs; the thresholds of a rule stand with its weights."""
    return "rule" if kind == "threshold" else kind, name


def _unknowns(
    spec: Spec, pairs: int, seed: int | None, jobs: Jobs, on_progress: OnProgress | None
) -> Depends:
    """Every unknown, sourced or not, held at its 10th and at its 90th percentile in all runs."""
    scenario = compile_scenario(spec)
    seed = scenario.header.seed if seed is None else seed
    varied = [unknown for unknown in scenario.unknowns if len(unknown.values) > 1]
    if not varied:
        return {}
    sides = [quantile(unknown, np.array([0.1, 0.9])).tolist() for unknown in varied]
    settings: list[dict[str, int]] = [{}]
    for unknown, (low, high) in zip(varied, sides, strict=True):
        settings += [{unknown.name: low}, {unknown.name: high}]
    # In each block of so many runs one unknown is held, and in the first none is.
    runs = np.tile(np.arange(pairs), len(settings))
    world = begin(scenario, Luck(seed, runs))
    cells = {unknown.name: world[unknown.name].copy() for unknown in varied}
    for place, held in enumerate(settings):
        for name, value in held.items():
            cells[name][place * pairs : (place + 1) * pairs] = value
    with studying(jobs) as study:
        players = Players(study, {BASELINE: spec}, on_progress)
        found_rows = players.play("unknowns", runs, seed, cells=cells)
    came = np.array(list(found_rows.values())).reshape(-1, len(settings), pairs).swapaxes(0, 1)
    base = came[0]
    turned = came[1:].reshape(len(varied), 2, *base.shape)
    gained = (turned & ~base).sum(axis=-1)
    lost = (~turned & base).sum(axis=-1)
    p = adjust(mcnemar(gained, lost)).min(axis=1)
    low, high = difference_interval(gained, lost, pairs, critical(0.05))
    ends = np.stack([(gained - lost) / pairs, low, high], axis=-1)
    names = (*scenario.header.endings, *scenario.milestones)
    found: Depends = {}
    for place, unknown in enumerate(varied):
        told = [
            Dependence(
                outcome,
                tuple(ends[place, 0, column].tolist()),
                tuple(ends[place, 1, column].tolist()),
                bool(p[place, column] <= 0.05),
            )
            for column, outcome in enumerate(names)
        ]
        found["unknown", unknown.name] = _sorted(told)
    return found


# ------------------------------------------------------------------------- what there is


def rows_of(spec: Spec) -> Iterator[Row]:
    """Every row of a scenario and of the program's ladder, in the order of the files."""
    walk = _Walk(spec)
    walk.world()
    for actor in spec.actors:
        for rule in actor.rules:
            walk.rule(actor, rule)
    for name, move in spec.moves.items():
        walk.move(name, move)
    walk.ladder()
    yield from walk.rows


@dataclass
class _Walk:
    spec: Spec
    rows: list[Row] = field(default_factory=list)

    def add(
        self,
        kind: Kind,
        name: str,
        title: Text | None,
        source: Text | None,
        numbers: Sequence[tuple[str, object, object]],
        unit: Text | None = None,
        at: Mark = NOWHERE,
    ) -> None:
        """A row of (part, value, where it stands); values without a number in them are left out.

        at: where the row stands, for values that do not know their own place.
        """
        kept = [
            (part, text, place)
            for part, value, where in numbers
            if _NUMBER.search(text := str(value))
            for place in [_mark(where) or at]
        ]
        if not kept:
            return
        first = kept[0][2]
        self.rows.append(
            Row(
                kind=kind,
                name=name,
                title=both(title, name),
                unit=both(unit, ""),
                source=" ".join(str(source).split()) if source else "",
                assumed=assumed(source),
                file=shown_file(first.file),
                numbers=tuple(
                    Number(part, " ".join(text.split()), at.line) for part, text, at in kept
                ),
            )
        )

    def world(self) -> None:
        file = self.spec.scenario
        for name, gauge in file.gauges.items():
            start = [("start", gauge.start, gauge.start)]
            self.add("start", name, gauge.title, gauge.source, start, gauge.unit, gauge.at)
            noise = [(f"noise {who}", e, e) for who, e in gauge.noise.items()]
            self.add("noise", name, gauge.title, gauge.source, noise, gauge.unit, gauge.at)
        for name, unknown in file.unknowns.items():
            written = next(
                (o.unknowns[name] for o in self.spec.overlays[::-1] if name in o.unknowns), unknown
            )
            drawn = unknown.is_ if unknown.between is None else "{} to {}".format(*unknown.between)
            numbers: Numbers = [("drawn from", drawn, written)]
            if unknown.likely is not None:
                numbers.append(("likely", unknown.likely, written))
            self.add("unknown", name, unknown.title, unknown.source, numbers, unknown.unit)
        for name, derived in file.derived.items():
            value = [("value", derived.value, derived.value)]
            self.add("derived", name, derived.title, derived.source, value, derived.unit)
        for name, drift in file.drift.items():
            title = getattr(file.gauges.get(name), "title", None)
            value = [("end of the turn", drift.value, drift.value)]
            self.add("drift", name, title, drift.source, value)
        for name, dyad in file.dyads.items():
            stage = [("stage", dyad.stage, dyad), ("heat", dyad.heat or "", dyad)]
            self.add("dyad", name, dyad.title, dyad.source, stage)
        for tie in file.ties:
            name = f"{tie.from_} > {tie.to}"
            self.add("tie", name, tie.because, tie.source, [("leverage", tie.leverage, tie)])
        for inject in file.injects:
            numbers = [("turn", inject.turn, inject), ("when", inject.when or "", inject.when)]
            numbers += _changes(inject)
            self.add("inject", str(inject.id), inject.title, inject.source, numbers, at=inject.at)
        for event in file.chance:
            self.chance(event)
        for name, milestone in file.milestones.items():
            when = [("when", milestone.when, milestone.when)]
            self.add("goal", name, milestone.title, milestone.source, when)
        for name, ending in file.endings.items():
            held = ending.for_ if ending.for_ > 1 else ""
            goal = [("when", ending.when, ending.when), ("turns on end", held, ending)]
            self.add("goal", name, ending.title, ending.source, goal)

    def chance(self, event: ChanceSpec) -> None:
        often = [("chance in 1000", event.chance, event.chance)]
        self.add("chance", event.id, event.title, event.source, often, at=event.at)
        numbers: Numbers = [("when", event.when or "", event.when)]
        numbers += _changes(event)
        for outcome in event.outcomes:
            numbers += [("weight", outcome.weight, outcome.weight), *_changes(outcome)]
        self.add("outcomes", event.id, event.title, event.source, numbers, at=event.at)

    def rule(self, actor: ActorSpec, rule: RuleSpec) -> None:
        signs = {"add": "", "times": "× ", "over": "÷ "}
        numbers: Numbers = [
            (move, f"{signs[one.op]}{one.value}", one)
            for move, one in rule.favour.items()
            if one.op != "forbid"
        ]
        numbers.append(("when", rule.when, rule.when))
        who = actor.short or actor.title
        because = rule.because or Text(en=rule.id)
        title = Text(
            en=f"{who.get('en')}: {because.get('en')}", ja=f"{who.get('ja')}：{because.get('ja')}"
        )
        self.add("rule", f"{actor.id}.{rule.id}", title, rule.source, numbers, at=rule.at)

    def move(self, name: str, move: MoveSpec) -> None:
        base = [("base", _written(move.base), move.base)]
        self.add("weight", name, move.title, move.source, base, at=move.at)
        self.add("effects", name, move.title, move.source, _changes(move), at=move.at)
        odds: Numbers = [
            ("when", move.when or "", move.when),
            ("success", _written(move.success), move.success),
            ("consent", _written(move.consent), move.consent),
            ("cooldown", move.cooldown or "", move),
        ]
        self.add("odds", name, move.title, move.source, odds, at=move.at)

    def ladder(self) -> None:
        told = (
            ("DECAY", "heat forgotten in a turn, per mille", "1ターンに忘れられる熱（千分率）"),
            ("RELAPSE", "heat after a calm by force alone", "力だけで鎮めた後の熱"),
            ("UP", "resistance on the way up", "上りの抵抗"),
            ("DOWN", "resistance on the way down", "下りの抵抗"),
        )
        for name, en, ja in told:
            line = line_of(name)
            value = np.asarray(getattr(ladder, name)).tolist()
            text = ", ".join(map(str, value[1:])) if isinstance(value, list) else str(value)
            mark = Mark("src/wargame/engine/ladder.py", line, 1)
            source = Text(en="Glasl 1982; sizes are an assumption")
            self.add("ladder", name, Text(en=en, ja=ja), source, [("heat", text, mark)])
        line = line_of("WINDOWS")
        windows = [
            (form, "{} to {}".format(*stages), Mark("src/wargame/engine/ladder.py", line + i, 1))
            for i, (form, stages) in enumerate(ladder.WINDOWS.items(), 1)
        ]
        title = Text(en="stages in which a form of intervention works", ja="介入の形が効く段階")
        self.add("ladder", "WINDOWS", title, Text(en="Glasl 1982"), windows)


def _changes(item: Any) -> Numbers:
    """Effects, effects of failure and heat, as they are written."""
    found: Numbers = []
    for label, part in (("", "effects"), ("failed: ", "failure")):
        for gauge, effect in getattr(item, part, {}).items():
            sign = "=" if effect.op == "set" else ""
            found.append((f"{label}{gauge}", f"{sign}{effect.value}", effect))
    found += [(f"heat {dyad}", value, value) for dyad, value in item.heat.items()]
    return found


def _written(value: Expr) -> Expr | str:
    """A value that stands in a file, "" for one that nobody wrote."""
    return value if value.at != NOWHERE else ""


def _mark(where: object) -> Mark | None:
    """Where a value, an item, or a mark itself, stands."""
    found = where if isinstance(where, Mark) else getattr(where, "at", None)
    return found if isinstance(found, Mark) and found != NOWHERE else None
