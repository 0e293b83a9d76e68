"""A run told in plain sentences: what happened each turn, who did what, and why.

Nothing here computes anything about the run; it puts records and the content's own words
together, as far as the lens lets them through. No word of the engine does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from wargame.explain import Explanation, explain
from wargame.ladder import STAGES
from wargame.playthrough import Playthrough
from wargame.replay import Replay
from wargame.show.clockwork import clockwork
from wargame.show.language import (
    begins,
    cited,
    day,
    filled,
    in_a_sentence,
    paragraph,
    read,
    sentence,
    words,
)
from wargame.show.lens import Lens
from wargame.show.units import unit
from wargame.spec import RuleSpec, Text
from wargame.turn_log import Header, TurnEvent

HOLD = "hold"
SMALL_MOVE = 40  # per mille of a gauge's range: less is not worth a line
MOST_GAUGES = 6


@dataclass(frozen=True)
class News:
    """What nobody decided, or nobody owns up to. `why` is the file's reason for such events.

    grave: it changes something that is either so or not, as a ceasefire.
    """

    text: str
    why: str = ""
    source: str = ""
    grave: bool = False


@dataclass(frozen=True)
class Act:
    """What one actor did: `text` tells it, `why` the loudest rule's reason, or people's intent.

    by: who gave the order (rule, seat, umpire, script, log). visible: public, private or covert.
    direction: escalate, de-escalate, neutral. aims: whom it was aimed at. succeeded: False if it
    came to nothing. gravity: its rung on Kahn's ladder, 0 where it has none.
    """

    actor: str
    move: str
    text: str
    why: str
    source: str
    by: str
    visible: str
    direction: str
    aims: tuple[str, ...]
    succeeded: bool
    gravity: int = 0


@dataclass(frozen=True)
class Rung:
    """Where a dyad stands after a turn: `stage` 1..9, and `change` since the turn before."""

    dyad: str
    title: str
    stage: int
    name: str
    change: int
    heat: int


@dataclass(frozen=True)
class Motion:
    """A gauge that moved: its name in the file, its title, and its values before and after."""

    gauge: str
    title: str
    before: int
    after: int
    unit: str


@dataclass(frozen=True)
class Week:
    """One turn as a reader meets it. `milestones` are those reached in it; all are names."""

    turn: int
    title: str
    news: tuple[News, ...]
    acts: tuple[Act, ...]
    rungs: tuple[Rung, ...]
    motions: tuple[Motion, ...]
    milestones: tuple[str, ...]
    ending: str


class Narrator:
    """Tells one run in one language, through one lens.

    events: the turns of its log, if it has one: who gave each order, and what was meant by it.
    header: that log's, which says whether a history or a fork is told.
    """

    def __init__(
        self,
        playthrough: Playthrough,
        lang: str = "en",
        lens: Lens | None = None,
        events: Sequence[TurnEvent] = (),
        header: Header | None = None,
    ) -> None:
        self.playthrough = playthrough
        self.header = header
        self.lang = lang
        self.lens = lens or Lens()
        self.events = events
        self.scenario = playthrough.scenario
        self.file = self.scenario.spec.scenario
        self.say = words(lang)
        self._actors = {spec.id: spec for spec in self.scenario.spec.actors}
        self._weeks: dict[int, Week] = {}
        clocks = clockwork(self.scenario)
        self._moving = tuple(g for g in self.lens.gauges(self.scenario) if g not in clocks)

    @classmethod
    def of(cls, replay: Replay, lang: str = "en", lens: Lens | None = None) -> Self:
        """Tells what a log holds."""
        return cls(replay.playthrough, lang, lens, replay.turns, replay.header)

    # ------------------------------------------------------------- names

    @property
    def name(self) -> str:
        """What this course of events is called: its history's title, or its scenario's."""
        told = self.header.title if self.header else None
        name = self.title(told or self.file.title, self.scenario.header.scenario)
        forked = self.header is not None and self.header.parent is not None
        return self.say("What if? {title}").format(title=name) if forked else name

    @property
    def about(self) -> str:
        """What it is about, in a few sentences."""
        told = self.header.about if self.header and self.header.title else self.file.about
        return sentence(read(told, self.lang), self.lang)

    @property
    def setting(self) -> str:
        """What the scenario is about: of a history, what could be known before its first turn."""
        return sentence(read(self.file.about, self.lang), self.lang)

    @property
    def origin(self) -> str:
        """Where the run comes from: its luck, and the log that it was forked from, if any."""
        luck = self.say("seed {seed}, run {run}").format(
            seed=self.playthrough.seed, run=self.playthrough.run
        )
        parent = self.header.parent if self.header else None
        if parent is None:
            return luck
        forked = self.say("forked from {log} in turn {turn}")
        return luck + self.say("; ") + forked.format(log=parent.log, turn=parent.turn)

    def actor(self, actor: str) -> str:
        """The short name of an actor, as a label."""
        spec = self._actors[actor]
        return read(spec.short or spec.title, self.lang)

    def named(self, actor: str) -> str:
        """The short name of an actor, inside a sentence."""
        return in_a_sentence(self.actor(actor), self.lang)

    def title(self, text: Text | None, name: str) -> str:
        """A title in this language, or the name where the file has none."""
        return read(text, self.lang, name)

    def gauge(self, name: str) -> str:
        """The title of a gauge, an unknown or a derived gauge."""
        for group in (self.file.gauges, self.file.unknowns, self.file.derived):
            if name in group:
                return self.title(group[name].title, name)
        return name

    def move(self, move: str) -> str:
        """The title of a move."""
        return self.title(self.scenario.spec.moves[move].title, move)

    def dyad(self, dyad: str) -> str:
        """A dyad as a label: ``Russia and Ukraine``."""
        one, other = map(self.actor, dyad.split("-"))
        return self.say("{one} and {other}").format(one=one, other=other)

    def ending(self, name: str) -> str:
        """The title of an ending."""
        ending = self.file.endings.get(name)
        return self.title(ending.title, name) if ending else self.say("No end in sight")

    def milestone(self, name: str) -> str:
        """The title of a milestone."""
        return self.title(self.file.milestones[name].title, name)

    def outcome(self, name: str) -> str:
        """The title of an ending or a milestone."""
        return self.milestone(name) if name in self.file.milestones else self.ending(name)

    def source(self, text: Text | None) -> str:
        """Where something is from; common notes such as `assumption` are translated."""
        return cited(read(text, self.lang), self.lang)

    def stage(self, stage: int) -> str:
        """The name of a stage of the ladder."""
        return str(getattr(STAGES[stage - 1], self.lang))

    def date(self, turn: int) -> str:
        """The day on which a turn begins, or "" where the scenario has no calendar."""
        header = self.scenario.header
        date = begins(header.start, header.turn_length, turn)
        return day(date, self.lang) if date else ""

    def heading(self, turn: int) -> str:
        """A turn's title: its number and its date."""
        date = self.date(turn)
        if date:
            return self.say("Turn {turn}: {date}").format(turn=turn, date=date)
        return self.say("Turn {turn}").format(turn=turn)

    # ------------------------------------------------------------- the story

    def week(self, turn: int) -> Week:
        """Turn `turn` (1 is the first), told."""
        if turn not in self._weeks:
            self._weeks[turn] = self._week(turn)
        return self._weeks[turn]

    def _week(self, turn: int) -> Week:
        header = self.scenario.header
        acts: list[Act] = []
        rumours: list[News] = []
        for actor in header.actors:
            for act in self._acts(turn, actor):
                spec = self.scenario.spec.moves[act.move]
                if self.lens.deed(actor, spec):
                    acts.append(act)
                elif self.lens.trace(spec):
                    rumours.append(News(act.text))
        ended = int(self.playthrough.worlds[turn].ending[0])
        return Week(
            turn=turn,
            title=self.heading(turn),
            news=(*self.news(turn), *rumours),
            acts=tuple(acts),
            rungs=self.rungs(turn),
            motions=self.motions(turn),
            milestones=self.milestones(turn),
            ending=header.endings[ended] if ended >= 0 else "",
        )

    def news(self, turn: int) -> tuple[News, ...]:
        """What nobody decided: injects and events, in the words of the file."""
        happened = self.playthrough.records[turn - 1].happened[:, 0]
        place = len(self.file.injects)
        told = [
            News(
                sentence(read(inject.title or inject.about, self.lang), self.lang),
                sentence(read(inject.about if inject.title else None, self.lang), self.lang),
                self.source(inject.source),
                self._grave(inject.effects),
            )
            for inject, flag in zip(self.file.injects, happened[:place], strict=True)
            if flag and self.lens.inject(inject)
        ]
        for event in self.file.chance:
            for outcome in event.outcomes or (None,):
                if happened[place] and self.lens.chance(event):
                    titles = (event.title, outcome.title if outcome else None)
                    text = paragraph(
                        [sentence(read(t, self.lang), self.lang) for t in titles], self.lang
                    )
                    if text:
                        why = sentence(read(event.because, self.lang), self.lang)
                        effects = outcome.effects if outcome else event.effects
                        source = self.source(event.source)
                        told.append(News(text, why, source, self._grave(effects)))
                place += 1
        return (*told, *self._thrown(turn), *self._left_out(turn))

    def _grave(self, effects: Iterable[str]) -> bool:
        gauges = (self.file.gauges.get(name) for name in effects)
        return any(gauge is not None and (gauge.min, gauge.max) == (0, 1) for gauge in gauges)

    def _thrown(self, turn: int) -> list[News]:
        """What a facilitator threw in."""
        found = []
        if turn <= len(self.events):
            for inject in self.events[turn - 1].injects:
                heard = inject.get("visible", "public") == "public"
                if self.lens.sees_all or heard or self.lens.who in inject.get("to", ()):
                    title = Text.model_validate(inject["title"])
                    found.append(News(sentence(read(title, self.lang), self.lang)))
        return found

    def _acts(self, turn: int, actor: str) -> list[Act]:
        """What an actor did in a turn, `hold` left out."""
        record = self.playthrough.records[turn - 1]
        orders, success = record.orders[actor][:, 0], record.success[actor][:, 0]
        moves = self.scenario.header.moves[actor]
        explanation = self.explanation(turn, actor)
        found = []
        for place, (m, succeeded) in enumerate(zip(orders, success, strict=True)):
            if m < 0 or moves[m] == HOLD:
                continue
            spec = self.scenario.spec.moves[moves[m]]
            by, why, source = self._reason(turn, actor, place, moves[m], explanation)
            found.append(
                Act(
                    actor=actor,
                    move=moves[m],
                    text=self.told(actor, moves[m], bool(succeeded)),
                    why=why,
                    source=source,
                    by=by,
                    visible=spec.visible,
                    direction=spec.direction,
                    aims=self.aims(actor, moves[m]),
                    succeeded=bool(succeeded),
                    gravity=spec.kahn_to or spec.kahn or 0,
                )
            )
        return found

    def told(self, actor: str, move: str, succeeded: bool = True) -> str:
        """A move as a sentence about its actor."""
        spec = self.scenario.spec.moves[move]
        headline = read(spec.headline or spec.title, self.lang)
        target = self.named(spec.target) if spec.target in self._actors else ""
        text = sentence(filled(headline, actor=self.named(actor), target=target), self.lang)
        return text if succeeded else paragraph([text, self.say("It came to nothing.")], self.lang)

    def aims(self, actor: str, move: str) -> tuple[str, ...]:
        """Whom a move is aimed at: its target, or the other side of the dyads that it heats."""
        spec = self.scenario.spec.moves[move]
        if spec.target and spec.target != actor:
            return (spec.target,) if spec.target in self._actors else ()
        pairs = [key.replace("self", actor).split("-") for key in spec.heat]
        return tuple(
            dict.fromkeys(
                other
                for pair in pairs
                if actor in pair
                for other in pair
                if other != actor and other in self._actors
            )
        )

    # ------------------------------------------------------------- reasons

    def _left_out(self, turn: int) -> list[News]:
        """What was asked for, and could not be done in the model."""
        if not self.lens.sees_all or turn > len(self.events):
            return []
        form = self.say(
            "Left out, because the model does not allow it in this turn: {actor}, {move}"
        )
        return [
            News(
                sentence(
                    form.format(actor=self.actor(left.actor), move=self.move(left.order.move)),
                    self.lang,
                ),
                source=self.source(left.order.source),
            )
            for left in self.events[turn - 1].left_out
            if left.order.move in self.scenario.spec.moves
        ]

    def explanation(self, turn: int, actor: str) -> Explanation | None:
        """Why an actor did what it did; None if the lens hides it or the log does not say."""
        recorded = actor in self.playthrough.records[turn - 1].detail
        if not recorded or not self.lens.reasons(actor):
            return None
        return explain(self.playthrough, turn, actor)

    def _reason(
        self, turn: int, actor: str, place: int, move: str, explanation: Explanation | None
    ) -> tuple[str, str, str]:
        """Who gave the order, what reason is known for it, and its source."""
        if turn <= len(self.events) and place < len(self.events[turn - 1].orders.get(actor, ())):
            event = self.events[turn - 1]
            order = event.orders[actor][place]
            rulings = event.rulings.get(actor, ())
            if place < len(rulings) and rulings[place].verdict == "modify":
                return "umpire", sentence(read(rulings[place].reason, self.lang), self.lang), ""
            if order.by != "rule":
                told = order.by == "script" or self.lens.reasons(actor)
                intent = order.intent if told else None
                return (
                    order.by,
                    sentence(read(intent, self.lang), self.lang),
                    self.source(order.source),
                )
        rule = self.loudest(explanation, move) if explanation else None
        if rule is None:
            return "rule", "", ""
        return (
            "rule",
            sentence(read(rule.because, self.lang), self.lang),
            self.source(rule.source),
        )

    def loudest(self, explanation: Explanation, move: str) -> RuleSpec | None:
        """The rule that spoke loudest for a move; None if none did."""
        voices = [
            voice
            for voice in explanation.option(move).voices
            if voice.amount > (1 if voice.op == "times" else 0) and voice.op in ("add", "times")
        ]
        if not voices:
            return None
        loudest = max(voices, key=lambda voice: (voice.op == "add", voice.amount))
        return self.rule(explanation.actor, loudest.rule)

    def rule(self, actor: str, rule: str) -> RuleSpec | None:
        """A rule of an actor."""
        return next((item for item in self._actors[actor].rules if item.id == rule), None)

    # ------------------------------------------------------------- ladders, gauges, marks

    def rungs(self, turn: int) -> tuple[Rung, ...]:
        """Where every dyad stands after a turn; 0 is before the first."""
        before, after = self.playthrough.worlds[max(turn - 1, 0)], self.playthrough.worlds[turn]
        found = []
        for dyad in self.scenario.header.dyads:
            stage = int(after[f"stage({dyad})"][0])
            change = stage - int(before[f"stage({dyad})"][0])
            heat = int(after[f"heat({dyad})"][0]) if self.lens.sees_all else 0
            found.append(Rung(dyad, self.dyad(dyad), stage, self.stage(stage), change, heat))
        return tuple(found)

    def motions(self, turn: int) -> tuple[Motion, ...]:
        """The gauges that moved most, by their range; the largest first. No clocks."""
        before, after = self.playthrough.worlds[turn - 1], self.playthrough.worlds[turn]
        moved = []
        for name in self._moving:
            spec = self.file.gauges[name]
            old, new = int(before[name][0]), int(after[name][0])
            size = abs(new - old) * 1000 // (spec.max - spec.min)
            if size >= SMALL_MOVE:
                moved.append((size, name, spec, old, new))
        moved.sort(key=lambda item: (-item[0], item[1]))
        return tuple(
            Motion(name, self.title(spec.title, name), old, new, unit(spec.unit, self.lang))
            for _, name, spec, old, new in moved[:MOST_GAUGES]
        )

    def milestones(self, turn: int) -> tuple[str, ...]:
        """The milestones first reached in a turn, by name."""
        reached = self.playthrough.records[turn - 1].reached[:, 0]
        names = self.scenario.header.milestones
        return tuple(name for name, first in zip(names, reached, strict=True) if first == turn)

    def meaning(self, name: str) -> str:
        """What an ending or a milestone would mean, in the words of the file."""
        spec = self.file.endings.get(name) or self.file.milestones.get(name)
        return read(spec.about, self.lang) if spec else ""
