"""A run told in plain sentences: what happened each turn, who did what, and why.

Nothing here computes anything about the run; it puts records and the content's own words
together, as far as the lens lets them through. No word of the engine does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

import numpy as np

from wargame.content.spec import MoveSpec, RuleSpec, Text
from wargame.engine.ladder import STAGES
from wargame.engine.scenario import Scenario
from wargame.engine.world import World
from wargame.replay.causes import Happening, Retrial, Things
from wargame.replay.explain import Explanation, Option, explain, explain_option
from wargame.replay.playthrough import Playthrough
from wargame.replay.replay import Replay, books
from wargame.replay.turn_log import Header, TurnEvent
from wargame.show.text.clockwork import clockwork
from wargame.show.text.language import (
    begins,
    cited,
    day,
    filled,
    in_a_sentence,
    paragraph,
    quoted,
    read,
    sentence,
    words,
)
from wargame.show.text.perspective import Lens
from wargame.show.text.units import unit

HOLD = "hold"
SMALL_MOVE = 40  # per mille of a gauge's range: less is not worth a line
MOST_GAUGES = 6
MOST_TOLD = 3  # so often a reason is told in a run


@dataclass(frozen=True)
class News:
    """What nobody decided, or nobody owns up to. `why` is the file's reason for such events.

    grave: it changes something that is either so or not, as a ceasefire. chance: it is known to
    be nobody's doing.
    """

    text: str
    why: str = ""
    source: str = ""
    grave: bool = False
    chance: bool = False


@dataclass(frozen=True)
class Act:
    """What one actor did: `text` tells it, `why` its decisive rule's reason, or people's intent.

    by: who gave the order (rule, seat, umpire, script, log). visible: public, private or covert.
    direction: escalate, de-escalate, neutral. aims: whom it was aimed at. succeeded: False if it
    came to nothing. gravity: the graver the more.
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


Told = TypeVar("Told", News, Act)


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
        self._weeks: list[Week] = []
        self._reasons: Counter[str] = Counter()
        self._retrials: dict[int, Retrial] = {}
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
        while len(self._weeks) < turn:  # in their order, for what was told before
            self._weeks.append(self._week(len(self._weeks) + 1))
        return self._weeks[turn - 1]

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
            news=self._fresh((*self.news(turn), *rumours)),
            acts=self._fresh(_gravest_first(acts)),
            rungs=self.rungs(turn),
            motions=self.motions(turn),
            milestones=self.milestones(turn),
            ending=header.endings[ended] if ended >= 0 else "",
        )

    def _fresh(self, items: Iterable[Told]) -> tuple[Told, ...]:
        """These deeds or news, with each reason once in a turn and not for ever."""
        told: set[str] = set()
        found = []
        for item in items:
            stale = item.why in told or self._reasons[item.why] >= MOST_TOLD
            if item.why and stale and not _intent(item):
                item = replace(item, why="", source="")
            found.append(item)
            told.add(item.why)
        self._reasons.update(told)
        return tuple(found)

    def news(self, turn: int) -> tuple[News, ...]:
        """What nobody decided: injects and events, in the words of the file."""
        happened = (news for _, news in self._happened(turn))
        return (*happened, *self._thrown(turn), *self._left_out(turn))

    def _happened(self, turn: int) -> Iterator[tuple[int, News]]:
        """The news of a turn, each with its index among the header's happenings."""
        happened = self.playthrough.records[turn - 1].happened[:, 0]
        place = len(self.file.injects)
        for slot, inject in enumerate(self.file.injects):
            if happened[slot] and self.lens.inject(inject):
                text = self._sentence(inject.title or inject.about)
                why = self._sentence(inject.about if inject.title else None)
                grave = self._grave(inject.effects)
                yield slot, News(text, why, self.source(inject.source), grave)
        for event in self.file.chance:
            for outcome in event.outcomes or (None,):
                if happened[place] and self.lens.chance(event):
                    titles = (event.title, outcome.title if outcome else None)
                    text = paragraph([self._sentence(title) for title in titles], self.lang)
                    if text:
                        why = self._sentence(event.because)
                        grave = self._grave(outcome.effects if outcome else event.effects)
                        known = self.lens.sees_all
                        yield place, News(text, why, self.source(event.source), grave, known)
                place += 1

    def heard(self, news: News) -> str:
        """News as a line: that it was chance is said where the lens knows."""
        return news.text + (self.say(" (chance)") if news.chance else "")

    def by_chance(self, news: News) -> str:
        """News as sentences, the first of which says that it was chance, where the lens knows."""
        return self.say("By chance: {what}").format(what=news.text) if news.chance else news.text

    def _sentence(self, text: Text | None) -> str:
        return sentence(read(text, self.lang), self.lang)

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
        found = []
        for place, (m, succeeded) in enumerate(zip(orders, success, strict=True)):
            if m < 0 or moves[m] == HOLD:
                continue
            spec = self.scenario.spec.moves[moves[m]]
            by, why, source = self._reason(turn, actor, place, int(m))
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
                    gravity=_gravity(spec),
                )
            )
        return found

    def told(self, actor: str, move: str, succeeded: bool = True) -> str:
        """A move as a sentence about its actor: done, or tried in vain."""
        spec = self.scenario.spec.moves[move]
        told = read(spec.headline or spec.title, self.lang)
        if not succeeded:
            form = self.say("{{actor}} tried the following without success: {move}.")
            told = read(spec.attempt, self.lang, form.format(move=self.move(move)))
        target = self.named(spec.target) if spec.target in self._actors else ""
        return sentence(filled(told, actor=self.named(actor), target=target), self.lang)

    def came(self, turn: int, actor: str, place: int) -> tuple[str, str]:
        """The move that an actor's order of a turn was, and what came of it as a sentence."""
        record = self.playthrough.records[turn - 1]
        move = self.scenario.header.moves[actor][int(record.orders[actor][place, 0])]
        return move, self.told(actor, move, bool(record.success[actor][place, 0]))

    def names(self, act: Act) -> bool:
        """Whether a deed's sentence says whose deed it is."""
        return self.actor(act.actor) in act.text

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
        return explain(self.playthrough, turn, actor) if self._explained(turn, actor) else None

    def _explained(self, turn: int, actor: str) -> bool:
        recorded = actor in self.playthrough.records[turn - 1].detail
        return recorded and self.lens.reasons(actor)

    def _reason(self, turn: int, actor: str, place: int, m: int) -> tuple[str, str, str]:
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
        if not self._explained(turn, actor):
            return "rule", "", ""
        option = explain_option(self.playthrough, turn, actor, m)
        rule = self.decisive(actor, option)
        reason = rule.reason(option.move) if rule else None
        if rule is None or reason is None:
            return "rule", "", ""
        why = quoted(self._sentence(reason), self.lang)
        return "rule", why, self.source(rule.source)

    def decisive(self, actor: str, option: Option) -> RuleSpec | None:
        """The rule that gave a move most of its weight; None if its base weight did."""
        return self.rule(actor, option.decisive())

    def rule(self, actor: str, rule: str) -> RuleSpec | None:
        """A rule of an actor."""
        return next((item for item in self._actors[actor].rules if item.id == rule), None)

    # ------------------------------------------------------------- causes

    def retrial(self, turn: int) -> Retrial:
        """A turn, played again without each thing that was done or happened in it."""
        if turn not in self._retrials:
            event = self.events[turn - 1] if turn <= len(self.events) else None
            thrown = books(self.scenario, event.injects) if event else ()
            self._retrials[turn] = Retrial(self.playthrough, turn, thrown)
        return self._retrials[turn]

    def caused(self, turn: int, things: Things) -> str:
        """Causes in a turn as sentences; "" where the lens hides one of them."""
        happened = dict(self._happened(turn))
        texts = []
        for thing in things:
            if isinstance(thing, Happening):
                news = happened.get(thing.slot)
                texts.append(self.by_chance(news) if news else "")
                continue
            move, text = self.came(turn, thing.actor, thing.place)
            spec = self.scenario.spec.moves[move]
            known = self.lens.deed(thing.actor, spec) or self.lens.trace(spec)
            texts.append(text if known and move != HOLD else "")
        return paragraph(texts, self.lang) if all(texts) else ""

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
        """The milestones first reached in a turn, by name; none that lay behind at the start."""
        reached = self.playthrough.records[turn - 1].reached[:, 0]
        names = self.scenario.header.milestones
        behind = _holding(self.scenario, self.playthrough.worlds[0]) if turn == 1 else ()
        return tuple(
            name
            for name, first in zip(names, reached, strict=True)
            if first == turn and name not in behind
        )

    def meaning(self, name: str) -> str:
        """What an ending or a milestone would mean, in the words of the file."""
        spec = self.file.endings.get(name) or self.file.milestones.get(name)
        return read(spec.about, self.lang) if spec else ""


def _holding(scenario: Scenario, world: World) -> set[str]:
    """The milestones whose conditions hold in a world."""
    results = scenario.judge_block(world.cells, None, world.turn)
    return {name for name, it in zip(scenario.milestones, results, strict=False) if np.all(it)}


def _intent(item: News | Act) -> bool:
    """Whether its reason is what somebody meant, and no rule's."""
    return isinstance(item, Act) and item.by != "rule"


def _gravity(spec: MoveSpec) -> int:
    """By the stage of Glasl's ladder, then whether it escalates, then the rung of Kahn's."""
    escalates = spec.direction == "escalate"
    return 1000 * (spec.register_ or 0) + 100 * escalates + (spec.kahn or 0)


def _gravest_first(acts: Iterable[Act]) -> list[Act]:
    """Actor by actor, whoever did the gravest first."""
    found = sorted(acts, key=lambda act: act.gravity, reverse=True)
    actors = list(dict.fromkeys(act.actor for act in found))
    return sorted(found, key=lambda act: actors.index(act.actor))
