"""The ODD protocol of a scenario, generated: what the model is, in the form that modellers read.

Words come from ``static/odd.yaml``, everything else from the code and the scenario, so the page
cannot say what the model does not do. Source: Grimm et al. 2020, Journal of Artificial Societies
and Social Simulation 23(2) 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from wargame.analysis.validation.patterns import FOLDER, LEVELS, patterns_for
from wargame.backends import turn
from wargame.content.spec import ActorSpec, ChanceSpec, Effect, Favour, MoveSpec, Spec
from wargame.engine import ladder
from wargame.errors import WargameError
from wargame.show.documents.sheet import Writer
from wargame.show.text.language import cited, joined
from wargame.show.text.units import lasting, unit
from wargame.statistics.result import say

FORMS = {  # of intervention, as `ladder.WINDOWS` names them
    "moderation": "進行の手助け",
    "process-guidance": "過程への付き添い",
    "socio-therapeutic": "関係を癒やす働きかけ",
    "mediation": "調停",
    "arbitration": "仲裁",
    "power": "力による介入",
}


def odd(spec: Spec, lang: str = "en") -> str:
    """The protocol as Markdown.

    Raises WargameError if the phases of a turn are not those that the words describe.
    """
    return _Protocol(spec, lang).text()


def phases() -> tuple[str, ...]:
    """The phases of a turn in their order, as the engine's own account lists them."""
    line = next(line for line in (turn.__doc__ or "").splitlines() if line.startswith("    "))
    return tuple(name.strip() for name in line.split(","))


class _Protocol(Writer):
    """The protocol in one language."""

    PROSE = "odd.yaml"

    def __init__(self, spec: Spec, lang: str) -> None:
        super().__init__(lang)
        self.spec = spec
        self.file = spec.scenario

    def text(self) -> str:
        parts: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
            ("purpose", self.purpose),
            ("entities", self.entities),
            ("process", self.process),
            ("concepts", self.concepts),
            ("initialization", self.initialization),
            ("input", self.input),
            ("submodels", self.submodels),
        )
        lines = [
            "# " + self.prose("title", scenario=self.plain(self.file.title)),
            self.prose("made", id=self.file.id, digest=self.spec.digest[:16]),
        ]
        for place, (key, part) in enumerate(parts, 1):
            lines.append(f"## {place}. " + joined(str(self.texts["heads"][key][self.lang])))
            lines += part()
        return "\n\n".join(lines) + "\n"

    # ------------------------------------------------------------------------- the elements

    def purpose(self) -> Iterator[str]:
        yield self.prose("purpose")
        found = patterns_for(self.file.id)
        if found is None:
            yield self.prose("no_patterns")
            return
        path = f"{FOLDER}/{found.id}.yaml"
        yield self.prose("patterns", count=len(found.patterns), file=path, id=self.file.id)
        yield self.table(
            (
                self.say("pattern", "パターン"),
                self.say("level", "水準"),
                self.say("passes", "合格"),
            ),
            (
                (
                    self.plain(one.title),
                    LEVELS[one.level][self.lang == "ja"],
                    _band(one.band, one.came is None, self.lang),
                )
                for one in found.patterns
            ),
        )

    def entities(self) -> Iterator[str]:
        file = self.file
        start = f", {file.turn.start}" if file.turn.start else ""
        yield self.prose(
            "entities",
            actors=len(self.spec.actors),
            dyads=len(file.dyads),
            gauges=len(file.gauges) + len(file.derived),
            turn=lasting(file.turn.length, self.lang),
            horizon=file.turn.horizon,
            start=self.say(f", from {file.turn.start}", f"、{file.turn.start}から")
            if start
            else "",
        )
        if self.spec.actors:
            yield self.head("actors")
            yield self.table(
                (
                    self.say("actor", "主体"),
                    self.say("goals", "目標"),
                    self.say("moves", "手"),
                    self.say("rules", "規則"),
                ),
                (self._actor(actor) for actor in self.spec.actors),
            )
        yield self.head("gauges")
        yield self.table(
            (
                self.say("gauge", "計器"),
                self.say("meaning", "意味"),
                self.say("range", "範囲"),
                self.say("start", "初期値"),
                self.say("unit", "単位"),
                self.say("noise", "雑音"),
            ),
            (
                (
                    f"`{name}`",
                    self.plain(gauge.title),
                    f"{gauge.min}–{gauge.max}",
                    _code(gauge.start),
                    unit(gauge.unit, self.lang),
                    ", ".join(f"{_who(who)} {_code(e)}" for who, e in gauge.noise.items()),
                )
                for name, gauge in file.gauges.items()
            ),
        )
        if file.unknowns:
            yield self.head("unknowns")
            yield self.table(
                (
                    self.say("unknown", "未知数"),
                    self.say("meaning", "意味"),
                    self.say("range", "範囲"),
                    self.say("likely", "最頻値"),
                    self.say("source", "出典"),
                ),
                (
                    (
                        f"`{name}`",
                        self.plain(unknown.title),
                        "{}–{}".format(*unknown.between) if unknown.between else f"{unknown.is_}",
                        "" if unknown.likely is None else str(unknown.likely),
                        cited(self.plain(unknown.source), self.lang),
                    )
                    for name, unknown in file.unknowns.items()
                ),
            )
        if file.derived:
            yield self.head("derived")
            yield self.table(
                (self.say("gauge", "量"), self.say("meaning", "意味"), self.say("value", "値")),
                (
                    (f"`{name}`", self.plain(derived.title), _code(derived.value))
                    for name, derived in file.derived.items()
                ),
            )
        if file.dyads:
            yield from self._ladder()

    def _actor(self, actor: ActorSpec) -> Sequence[str]:
        moves = sum(actor.id in move.by for move in self.spec.moves.values())
        goals = self.say("; ", "。").join(self.plain(goal) for goal in actor.goals)
        return self.plain(actor.title), goals, str(moves), str(len(actor.rules))

    def _ladder(self) -> Iterator[str]:
        yield self.head("dyads")
        yield self.table(
            (self.say("pair", "組"), self.say("begins at stage", "開始時の段階")),
            (
                (self.plain(dyad.title) or name, str(dyad.stage))
                for name, dyad in self.file.dyads.items()
            ),
        )
        yield self.head("ladder")
        yield self.prose("ladder")
        yield self.table(
            (
                self.say("stage", "段階"),
                self.say("name", "名前"),
                self.say("resists on the way up", "上りの抵抗"),
                self.say("on the way down", "下りの抵抗"),
                self.say("interventions that can work", "効きうる介入"),
            ),
            (
                (
                    str(stage.number),
                    stage.ja if self.lang == "ja" else stage.en,
                    _resistance(int(ladder.UP[stage.number])),
                    _resistance(int(ladder.DOWN[stage.number])),
                    self.say(", ", "、").join(
                        self.say(form, FORMS[form])
                        for form, (low, high) in ladder.WINDOWS.items()
                        if low <= stage.number <= high
                    ),
                )
                for stage in ladder.STAGES
            ),
        )

    def process(self) -> Iterator[str]:
        told = self.texts["phases"]
        if phases() != tuple(told):
            raise WargameError(
                f"a turn's phases are {', '.join(phases())}, but {self.PROSE} describes "
                f"{', '.join(told)}: mend the words"
            )
        yield self.prose("process")
        orders = self.file.turn.orders
        yield "\n".join(
            f"{place}. **{name}**: " + joined(str(text[self.lang])).format(orders=orders)
            for place, (name, text) in enumerate(told.items(), 1)
        )

    def concepts(self) -> Iterator[str]:
        counts = {
            "rules": sum(len(actor.rules) for actor in self.spec.actors),
            "noisy": sum(bool(gauge.noise) for gauge in self.file.gauges.values()),
            "ties": len(self.file.ties),
        }
        for concept in self.texts["concepts"]:
            title = joined(str(concept["title"][self.lang]))
            yield self.say(f"**{title}.** ", f"**{title}**：") + joined(
                str(concept[self.lang])
            ).format(**counts)
        yield self.head("endings")
        yield self.table(
            (self.say("name", "名前"), self.say("meaning", "意味"), self.say("when", "条件")),
            (
                *(
                    (name, self.plain(one.title), _code(one.when))
                    for name, one in self.file.milestones.items()
                ),
                *(
                    (
                        name,
                        self.plain(one.title),
                        _code(one.when)
                        + (
                            self.say(f" for {one.for_} turns", f"が{one.for_}ターン続く")
                            if one.for_ > 1
                            else ""
                        )
                        + (
                            self.say(" at the last turn", "（最後のターンで）")
                            if one.at_horizon
                            else ""
                        ),
                    )
                    for name, one in self.file.endings.items()
                ),
            ),
        )

    def initialization(self) -> Iterator[str]:
        yield self.prose("initialization")

    def input(self) -> Iterator[str]:
        yield self.prose("input")
        if self.file.injects:
            yield self.table(
                (
                    self.say("turn", "ターン"),
                    self.say("news", "知らせ"),
                    self.say("when", "条件"),
                    self.say("effects", "効果"),
                ),
                (
                    (
                        str(one.turn),
                        self.plain(one.title) or str(one.id),
                        _code(one.when) if one.when else "",
                        _changes(one.effects, one.heat),
                    )
                    for one in self.file.injects
                ),
            )

    def submodels(self) -> Iterator[str]:
        yield self.prose("submodels")
        file = self.file
        if file.drift:
            yield self.head("drift")
            yield self.table(
                (
                    self.say("gauge", "計器"),
                    self.say("becomes", "次の値"),
                    self.say("because", "理由"),
                ),
                (
                    (f"`{name}`", _code(drift.value), self.plain(drift.because))
                    for name, drift in file.drift.items()
                ),
            )
        if file.chance:
            yield self.head("events")
            yield self.table(
                (
                    self.say("event", "出来事"),
                    self.say("when", "条件"),
                    self.say("chance in 1000", "千分率の確率"),
                    self.say("outcomes", "結果"),
                ),
                (self._event(event) for event in file.chance),
            )
        if self.spec.moves:
            yield self.head("moves")
            yield self.table(
                (
                    self.say("move", "手"),
                    self.say("by", "誰が"),
                    self.say("possible when", "できる条件"),
                    self.say("base", "基本の重み"),
                    self.say("success", "成否"),
                    self.say("effects and heat", "効果と熱"),
                ),
                (self._move(name, move) for name, move in self.spec.moves.items()),
            )
        for actor in self.spec.actors:
            if not actor.rules:
                continue
            yield "### " + self.prose("rules_head", actor=self.plain(actor.title))
            yield self.table(
                (
                    self.say("when", "条件"),
                    self.say("favours", "重み"),
                    self.say("because", "理由"),
                    self.say("source", "出典"),
                ),
                (
                    (
                        _code(rule.when),
                        "; ".join(_favour(move, one) for move, one in rule.favour.items()),
                        self.plain(rule.because),
                        cited(self.plain(rule.source), self.lang),
                    )
                    for rule in actor.rules
                ),
            )

    def _event(self, event: ChanceSpec) -> Sequence[str]:
        outcomes = (
            "; ".join(
                f"{self.plain(one.title)} ({_code(one.weight)}): {_changes(one.effects, one.heat)}"
                for one in event.outcomes
            )
            if event.outcomes
            else _changes(event.effects, event.heat)
        )
        return (
            self.plain(event.title) or event.id,
            _code(event.when) if event.when else "",
            _code(event.chance),
            outcomes,
        )

    def _move(self, name: str, move: MoveSpec) -> Sequence[str]:
        odds = [_code(move.success)] if str(move.success) != "1000" else []
        if str(move.consent) != "1000":
            odds.append(self.say("consent ", "同意") + _code(move.consent))
        if move.cooldown:
            odds.append(self.say(f"again after {move.cooldown}", f"{move.cooldown}ターン空ける"))
        effects = _changes(move.effects, move.heat)
        if move.failure:
            effects += self.say("; failed: ", "。失敗：") + _changes(move.failure, {})
        return (
            f"{self.plain(move.title)} (`{name}`)",
            ", ".join(move.by),
            _code(move.when) if move.when else "",
            _code(move.base),
            "; ".join(odds),
            effects,
        )

    # ------------------------------------------------------------------------- small things

    def head(self, key: str) -> str:
        """A heading inside an element."""
        return "### " + self.prose(f"{key}_head")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        """A Markdown table."""
        lines = [head, ["---"] * len(head), *rows]
        return "\n".join(
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
        )


def _code(value: object) -> str:
    return f"`{' '.join(str(value).split())}`"


def _who(name: str) -> str:
    return "\\*" if name == "*" else name


def _resistance(heat: int) -> str:
    return "–" if heat > ladder.HEAT_LIMIT else str(heat)


def _favour(move: str, one: Favour) -> str:
    sign = {"add": "+ ", "times": "× ", "over": "÷ ", "forbid": ""}[one.op]
    return f"{move} {sign}" + ("✗" if one.op == "forbid" else _code(one.value))


def _changes(effects: Mapping[str, Effect], heat: Mapping[str, object]) -> str:
    found = [
        f"{gauge} {'=' if one.op == 'set' else '+'} {_code(one.value)}"
        for gauge, one in effects.items()
    ]
    return "; ".join([*found, *(f"heat {dyad} {_code(value)}" for dyad, value in heat.items())])


def _band(band: tuple[float, float], ratio: bool, lang: str) -> str:
    def one(value: float) -> str:
        times = say(lang, en=f"{value:g} times as often", ja=f"{value:g}倍")
        return times if ratio else f"{100 * value:g} %"

    low, high = band
    if low and high < (float("inf") if ratio else 1):
        return f"{one(low)}–{one(high)}"
    if low:
        return say(lang, en=f"at least {one(low)}", ja=f"{one(low)}以上")
    return say(lang, en=f"at most {one(high)}", ja=f"{one(high)}以下")
