"""A whole run in one paragraph: how it began, the turns that mattered, how it ended.

A cause is told only where the run shows it (`causes`), before what it brought about; what chance
did is said to be chance; what ended the run is always told.
"""

from __future__ import annotations

from dataclasses import dataclass

from wargame.replay.causes import Things, decided
from wargame.show.text.language import in_a_sentence, paragraph, sentence
from wargame.show.text.narrate import Narrator, Rung, Week

MOST_MOMENTS = 6
NEWS = 100  # how much news weighs against a change of stage (70 to 190)


@dataclass(frozen=True)
class Moment:
    """A turn that mattered: how much (larger is more)."""

    turn: int
    weight: int


@dataclass(frozen=True)
class Cause:
    """Something that was done or happened in a turn, and the sentence that tells it."""

    turn: int
    things: Things
    text: str


def story(narrator: Narrator) -> tuple[str, ...]:
    """Three short paragraphs: the beginning, the turns that mattered in their order, the end."""
    told: list[str] = []
    causes: list[Cause] = []
    for moment in moments(narrator):
        text, named = _turn(narrator, narrator.week(moment.turn))
        told.append(text)
        causes += named
    middle = paragraph(told, narrator.lang)
    return tuple(filter(None, (beginning(narrator), middle, end(narrator, causes))))


def beginning(narrator: Narrator) -> str:
    """Where the ladders stood before the first turn."""
    say = narrator.say
    date = narrator.date(1)
    start = say("It began on {date}.").format(date=date) if date else ""
    rungs = [
        say("{pair} were at stage {stage} of 9 ({name})").format(
            pair=_pair(narrator, rung), stage=rung.stage, name=_within(rung.name)
        )
        for rung in sorted(narrator.rungs(0), key=lambda rung: -rung.stage)[:2]
    ]
    return paragraph([start, *(sentence(rung, narrator.lang) for rung in rungs)], narrator.lang)


def moments(narrator: Narrator) -> list[Moment]:
    """The turns that mattered most, in their order.

    Milestones come first, then the ladder, then grave news.
    """
    found = []
    for turn in range(1, narrator.playthrough.turns + 1):
        week = narrator.week(turn)
        steps = [rung for rung in week.rungs if rung.change]
        weight = sum(20 * max(rung.stage, rung.stage - rung.change) + 10 for rung in steps)
        weight += 1000 * len(week.milestones)
        if weight or any(news.grave for news in week.news):
            found.append(Moment(turn, weight or NEWS))
    chosen = sorted(found, key=lambda moment: (-moment.weight, moment.turn))[:MOST_MOMENTS]
    return sorted(chosen, key=lambda moment: moment.turn)


def causes(narrator: Narrator, turn: int) -> list[tuple[Cause, str]]:
    """What changed in a turn, gravest first: its cause, if one is shown, and a sentence each."""
    say, week, retrial = narrator.say, narrator.week(turn), narrator.retrial(turn)
    found = [
        (
            retrial.of_milestone(name),
            say("A line was crossed: {what}").format(what=narrator.milestone(name)),
        )
        for name in week.milestones
    ]
    for rung in week.rungs:
        if rung.change:
            form = (
                say("{pair} rose to stage {stage} ({name})")
                if rung.change > 0
                else say("{pair} came down to stage {stage} ({name})")
            )
            name = _within(rung.name)
            told = form.format(pair=_pair(narrator, rung), stage=rung.stage, name=name)
            found.append((retrial.of_step(rung.dyad), told))
    return [
        (Cause(turn, things, narrator.caused(turn, things)), sentence(text, narrator.lang))
        for things, text in found
    ]


def _turn(narrator: Narrator, week: Week) -> tuple[str, list[Cause]]:
    """A turn that mattered, told: each cause, and then what it brought about."""
    brought: dict[str, list[str]] = {"": []}  # first what nothing in the turn explains
    named = causes(narrator, week.turn)
    for cause, text in named:
        brought.setdefault(cause.text, []).append(text)
    told = [text for cause, texts in brought.items() for text in (cause, *texts)]
    if not named:
        told = [next(narrator.by_chance(news) for news in week.news if news.grave)]
    form = narrator.say("In turn {turn}: {what}")
    whole = form.format(turn=week.turn, what=paragraph(told, narrator.lang))
    return whole, [cause for cause, _ in named if cause.text]


def end(narrator: Narrator, told: list[Cause]) -> str:
    """How the run ended, what brought it about unless that was `told`, and what it would mean."""
    say, playthrough = narrator.say, narrator.playthrough
    name = playthrough.ending
    if name is None:
        stops = say("The telling stops after turn {turn}; the run goes on.")
        return stops.format(turn=playthrough.turns)
    head = say("It ended in turn {turn}: {ending}").format(
        turn=playthrough.turns, ending=narrator.ending(name)
    )
    cause = last_cause(narrator)
    known = cause is None or any((it.turn, it.things) == (cause.turn, cause.things) for it in told)
    if cause is None or known:
        decisive = ""
    else:
        form = (
            "{what}"
            if cause.turn == playthrough.turns
            else say("It was decided in turn {turn}: {what}")
        )
        decisive = form.format(turn=cause.turn, what=cause.text)
    parts = [sentence(head, narrator.lang), decisive, narrator.meaning(name)]
    return paragraph(parts, narrator.lang)


def last_cause(narrator: Narrator) -> Cause | None:
    """What brought about the condition of the run's ending; None if nothing in one turn did."""
    turn, name = decided(narrator.playthrough), narrator.playthrough.ending
    if not turn or name is None:
        return None
    things = narrator.retrial(turn).of_ending(name)
    text = narrator.caused(turn, things)
    return Cause(turn, things, text) if text else None


def _within(name: str) -> str:
    """The name of a stage, in brackets."""
    return name[0].lower() + name[1:]


def _pair(narrator: Narrator, rung: Rung) -> str:
    one, other = (in_a_sentence(narrator.actor(a), narrator.lang) for a in rung.dyad.split("-"))
    return narrator.say("{one} and {other}").format(one=one, other=other)
