"""A whole run in one paragraph: how it began, the turns that mattered, how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from wargame.show.language import in_a_sentence, paragraph, sentence
from wargame.show.narrate import Act, Narrator, Rung, Week

MOST_MOMENTS = 6
NEWS = 100  # how much news weighs against a change of stage (70 to 190)


@dataclass(frozen=True)
class Moment:
    """A turn that mattered: how much (larger is more), and the sentences that tell it."""

    turn: int
    weight: int
    text: str


def story(narrator: Narrator) -> tuple[str, ...]:
    """Three short paragraphs: the beginning, the turns that mattered in their order, the end."""
    turns = range(1, narrator.playthrough.turns + 1)
    moments = [found for turn in turns if (found := moment(narrator, narrator.week(turn)))]
    chosen = sorted(moments, key=lambda item: (-item.weight, item.turn))[:MOST_MOMENTS]
    told = paragraph(
        [item.text for item in sorted(chosen, key=lambda item: item.turn)], narrator.lang
    )
    return tuple(filter(None, (beginning(narrator), told, end(narrator))))


def beginning(narrator: Narrator) -> str:
    """Where the ladders stood before the first turn."""
    say = narrator.say
    date = narrator.date(1)
    start = say("It begins on {date}.").format(date=date) if date else ""
    rungs = [
        say("{pair} stand at stage {stage} of nine ({name})").format(
            pair=_pair(narrator, rung), stage=rung.stage, name=rung.name
        )
        for rung in sorted(narrator.rungs(0), key=lambda rung: -rung.stage)[:2]
    ]
    return paragraph([start, *(sentence(rung, narrator.lang) for rung in rungs)], narrator.lang)


def moment(narrator: Narrator, week: Week) -> Moment | None:
    """What made a turn matter, or None if nothing did.

    Milestones come first, then the ladder, then grave news.
    """
    say, texts, weight = narrator.say, [], 0
    for name in week.milestones:
        texts.append(say("a line was crossed: {what}").format(what=narrator.milestone(name)))
        weight += 1000
    for rung in week.rungs:
        if rung.change:
            form = (
                say("{pair} rose to stage {stage} ({name})")
                if rung.change > 0
                else say("{pair} came down to stage {stage} ({name})")
            )
            texts.append(form.format(pair=_pair(narrator, rung), stage=rung.stage, name=rung.name))
            weight += 20 * max(rung.stage, rung.stage - rung.change) + 10
    if not texts:
        grave = [news.text for news in week.news if news.grave]
        if not grave:
            return None
        told = say("In turn {turn}: {what}").format(turn=week.turn, what=grave[0])
        return Moment(week.turn, NEWS, told)
    head = say("In turn {turn}, {what}").format(turn=week.turn, what=say(", ").join(texts))
    cause = _cause(week)
    return Moment(
        week.turn,
        weight,
        paragraph([sentence(head, narrator.lang), cause.text if cause else ""], narrator.lang),
    )


def end(narrator: Narrator) -> str:
    """How the run ended, and what that would mean."""
    say = narrator.say
    name = narrator.playthrough.ending
    if name is None:
        told = say("The telling stops after turn {turn}; the run goes on.")
        return told.format(turn=narrator.playthrough.turns)
    head = say("It ended in turn {turn}: {ending}").format(
        turn=narrator.playthrough.turns, ending=narrator.ending(name)
    )
    return paragraph([sentence(head, narrator.lang), narrator.meaning(name)], narrator.lang)


def _cause(week: Week) -> Act | None:
    """The deed of a turn that goes best with what made it matter, if one does.

    Beside a line that was crossed, the gravest step. Beside a ladder, the gravest step between
    the two on it, up or down as they went.
    """
    moved = [rung for rung in week.rungs if rung.change]
    down = bool(moved) and moved[0].change < 0 and not week.milestones
    direction = "de-escalate" if down else "escalate"
    fitting = [act for act in week.acts if act.direction == direction and act.succeeded]
    if not week.milestones:
        parties = set(moved[0].dyad.split("-")) if moved else set()
        fitting = [act for act in fitting if act.actor in parties and parties & set(act.aims)]
    return max(fitting, key=lambda act: act.gravity, default=None)


def _pair(narrator: Narrator, rung: Rung) -> str:
    one, other = (in_a_sentence(narrator.actor(a), narrator.lang) for a in rung.dyad.split("-"))
    return narrator.say("{one} and {other}").format(one=one, other=other)
