"""A run told in plain sentences: what happened each turn, who did what, and why.

Nothing here computes anything about the run; it puts records and the content's own words
together. No word of the engine gets through.
"""

from __future__ import annotations

from dataclasses import dataclass

from wargame.explain import Explanation, explain
from wargame.ladder import STAGES
from wargame.playthrough import Playthrough
from wargame.show.language import begins, day, sentence, words
from wargame.spec import GaugeSpec, Text

HOLD = "hold"
SMALL_MOVE = 40  # per mille of a gauge's range: less is not worth a line
MOST_GAUGES = 6


@dataclass(frozen=True)
class Act:
    """What one actor did: `text` tells it, `why` says the reason in the actor's rule.

    visible: public, private or covert. succeeded: False if it came to nothing.
    """

    actor: str
    move: str
    text: str
    why: str
    visible: str
    succeeded: bool


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
    """One turn as a reader meets it. `milestones` are those reached in it."""

    turn: int
    title: str
    news: tuple[str, ...]
    acts: tuple[Act, ...]
    rungs: tuple[Rung, ...]
    motions: tuple[Motion, ...]
    milestones: tuple[str, ...]
    ending: str


class Narrator:
    """Tells one run in one language."""

    def __init__(self, playthrough: Playthrough, lang: str = "en") -> None:
        self.playthrough = playthrough
        self.lang = lang
        self.scenario = playthrough.scenario
        self.file = self.scenario.spec.scenario
        self.say = words(lang)

    # ------------------------------------------------------------- names

    def actor(self, actor: str) -> str:
        """The short name of an actor."""
        for spec in self.scenario.spec.actors:
            if spec.id == actor:
                return (spec.short or spec.title).get(self.lang)
        return actor

    def title(self, text: Text | None, name: str) -> str:
        """A title in this language, or the name where the file has none."""
        return text.get(self.lang) if text else name

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
        """A dyad as ``Russia and Ukraine``."""
        return self.say("{one} and {other}").format(
            **dict(zip(("one", "other"), map(self.actor, dyad.split("-")), strict=True))
        )

    def ending(self, name: str) -> str:
        """The title of an ending."""
        ending = self.file.endings.get(name)
        return self.title(ending.title, name) if ending else self.say("unresolved")

    # ------------------------------------------------------------- the story

    def week(self, turn: int) -> Week:
        """Turn `turn` (1 is the first), told."""
        header = self.scenario.header
        date = begins(header.start, header.turn_length, turn)
        title = self.say("Turn {turn}").format(turn=turn)
        if date:
            title = self.say("Turn {turn}: {date}").format(turn=turn, date=day(date, self.lang))
        ended = int(self.playthrough.worlds[turn].ending[0])
        return Week(
            turn=turn,
            title=title,
            news=tuple(self.news(turn)),
            acts=tuple(act for actor in header.actors for act in self.acts(turn, actor)),
            rungs=self.rungs(turn),
            motions=self.motions(turn),
            milestones=self.milestones(turn),
            ending=header.endings[ended] if ended >= 0 else "",
        )

    def news(self, turn: int) -> list[str]:
        """What nobody decided: injects and events, in the words of the file."""
        happened = self.playthrough.records[turn - 1].happened[:, 0]
        told = []
        place = 0
        for inject in self.file.injects:
            if happened[place] and inject.title:
                told.append(sentence(inject.title.get(self.lang), self.lang))
            place += 1
        for event in self.file.chance:
            for outcome in event.outcomes or (event,):
                if happened[place]:
                    text = outcome.title or event.title
                    if text:
                        told.append(sentence(text.get(self.lang), self.lang))
                place += 1
        return told

    def acts(self, turn: int, actor: str) -> list[Act]:
        """What an actor did in a turn, `hold` left out."""
        explanation = explain(self.playthrough, turn, actor)
        found = []
        for move, succeeded in zip(explanation.chosen, explanation.succeeded, strict=True):
            if move == HOLD:
                continue
            spec = self.scenario.spec.moves[move]
            headline = spec.headline or spec.title
            target = self.actor(spec.target) if spec.target else ""
            text = headline.get(self.lang)
            for place, name in (("{actor}", self.actor(actor)), ("{target}", target)):
                text = text.replace(place, name)
            text = sentence(text, self.lang)
            if not succeeded:
                text += self.say(" It came to nothing.")
            why = self.why(explanation, move)
            found.append(Act(actor, move, text, why, spec.visible, succeeded))
        return found

    def why(self, explanation: Explanation, move: str) -> str:
        """The reason of the rule that spoke loudest for a move; "" if none did."""
        voices = [v for v in explanation.option(move).voices if v.op in ("add", "times")]
        voices = [v for v in voices if v.amount > 0]
        if not voices:
            return ""
        loudest = max(voices, key=lambda voice: (voice.op == "add", voice.amount))
        return self.because(explanation.actor, loudest.rule)

    def because(self, actor: str, rule: str) -> str:
        """What a rule of an actor gives as its reason."""
        for spec in self.scenario.spec.actors:
            if spec.id == actor:
                for item in spec.rules:
                    if item.id == rule and item.because:
                        return sentence(item.because.get(self.lang), self.lang)
        return ""

    def rungs(self, turn: int) -> tuple[Rung, ...]:
        """Where every dyad stands after a turn."""
        before, after = self.playthrough.worlds[turn - 1], self.playthrough.worlds[turn]
        found = []
        for dyad in self.scenario.header.dyads:
            stage = int(after[f"stage({dyad})"][0])
            change = stage - int(before[f"stage({dyad})"][0])
            name = getattr(STAGES[stage - 1], self.lang)
            heat = int(after[f"heat({dyad})"][0])
            found.append(Rung(dyad, self.dyad(dyad), stage, name, change, heat))
        return tuple(found)

    def motions(self, turn: int) -> tuple[Motion, ...]:
        """The gauges that moved most, by their range; the largest first."""
        before, after = self.playthrough.worlds[turn - 1], self.playthrough.worlds[turn]
        moved = []
        for name, spec in self.file.gauges.items():
            old, new = int(before[name][0]), int(after[name][0])
            size = abs(new - old) * 1000 // (spec.max - spec.min)
            if size >= SMALL_MOVE:
                moved.append((size, name, spec, old, new))
        moved.sort(key=lambda item: (-item[0], item[1]))
        return tuple(
            Motion(name, self.title(spec.title, name), old, new, _unit(spec, self.lang))
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
        return spec.about.get(self.lang) if spec and spec.about else ""


def _unit(spec: GaugeSpec, lang: str) -> str:
    return spec.unit.get(lang)
