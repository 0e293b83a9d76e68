"""A run as plain lines, for a terminal, a pipe or a screen reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

from wargame.show.text.narrate import Act, Narrator, Week
from wargame.show.text.odds_view import Outlook
from wargame.show.text.story import beginning, story
from wargame.show.text.text_layout import WIDTH, columns, wrapped

BOLD, DIM, RED, GREEN, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"

Paint = Callable[[str, str], str]


def told_run(
    narrator: Narrator,
    weeks: Sequence[Week],
    colour: bool = False,
    outlook: Outlook | None = None,
) -> str:
    """The whole run: what it is about, every turn, how it ended, and the story in short.

    outlook: the odds by turn, if they are to be told.
    """
    say, paint = narrator.say, painter(colour)
    lines = [paint(BOLD, narrator.name), *wrapped(narrator.about)]
    lines += wrapped(narrator.origin)
    if outlook:
        lines += ["", *told_start(narrator), *told_odds(narrator, outlook, 0)]
    for week in weeks:
        lines += ["", *told_week(narrator, week, paint)]
        if outlook:
            lines += told_odds(narrator, outlook, week.turn)
    lines += ["", paint(BOLD, say("The whole story"))]
    for part in story(narrator):
        lines += wrapped(part, "  ")
    lines += ["", say("This is one run of a model, made for learning. It is not a forecast.")]
    return "\n".join(lines)


def told_start(narrator: Narrator) -> list[str]:
    """The state of things before the first turn."""
    return [narrator.say("Before the first turn"), *wrapped(beginning(narrator), "  ")]


def told_week(narrator: Narrator, week: Week, paint: Paint | None = None) -> list[str]:
    """One turn, from its heading to the gauges that moved."""
    say, paint = narrator.say, paint or painter(False)
    lines = [paint(BOLD, week.title)]
    for news in week.news:
        lines += wrapped(narrator.heard(news), "  * ")
        lines += [paint(DIM, line) for line in wrapped(news.why, "      ")]
    for act in week.acts:
        lines += wrapped(act.text + marks(narrator, act), "  - ")
        lines += [paint(DIM, line) for line in wrapped(act.why, "      ")]
    if not week.news and not week.acts:
        lines.append("  " + say("Nothing of note."))
    for name in week.milestones:
        lines += [paint(RED, line) for line in wrapped(narrator.milestone(name), "  !! ")]
    rungs = [f"{rung.title} {rung.stage}{arrow(rung.change)}" for rung in week.rungs]
    if rungs:
        lines += wrapped(say("Ladder: ") + say("; ").join(rungs), "  ")
    if week.motions:
        moved = say("; ").join(f"{m.title} {m.before}→{m.after}" for m in week.motions)
        lines += wrapped(say("Moved: ") + moved, "  ")
    if week.ending:
        ending = say("How it ended: {ending}").format(ending=narrator.ending(week.ending))
        lines += [paint(BOLD, line) for line in wrapped(ending, "  ")]
        lines += wrapped(narrator.meaning(week.ending), "  ")
    return lines


def told_odds(narrator: Narrator, outlook: Outlook, turn: int) -> list[str]:
    """How the futures of a turn's world end in the model, what cannot be left out first."""
    say = narrator.say
    shares = [
        f"{narrator.outcome(name)} {found.words(narrator.lang)}"
        for name, found in outlook.likely(turn)
        if found.share
    ]
    told = say("{n} futures from here: ").format(n=f"{outlook.futures:,}") + say("; ").join(shares)
    return wrapped(told, "  ")


def marks(narrator: Narrator, act: Act) -> str:
    """How an act was done and who gave the order, where that is not the usual."""
    say = narrator.say
    found = {"private": say(" (in private)"), "covert": say(" (covert)")}.get(act.visible, "")
    if not narrator.names(act):
        found += say(" (by {actor})").format(actor=narrator.named(act.actor))
    return found + {
        "seat": say(" (decided by people)"),
        "umpire": say(" (ruled by the umpire)"),
        "script": say(" (as it really happened)"),
        "program": say(" (decided by a program)"),
    }.get(act.by, "")


def told_why(narrator: Narrator, turn: int, actor: str, width: int = WIDTH) -> list[str]:
    """One decision: what was chosen, the options with their weights and reasons, the beliefs."""
    say = narrator.say
    found = narrator.explanation(turn, actor)
    colon = say(": ")
    lines = [f"{narrator.heading(turn)}{colon}{narrator.actor(actor)}"]
    if found is None:
        return [*lines, "  " + say("Nothing is known about how this was decided.")]
    runner_up = found.runner_up()
    for option in found.options:
        if not option.weight and option.move not in found.chosen:
            continue
        note = say(" (chosen)") if option.move in found.chosen else ""
        if runner_up and option.move == runner_up.move:
            note = say(" (next in line)")
        share = 1000 * option.weight // max(found.total, 1)
        lines += wrapped(
            say("{weight} of {total} ({share}): {move}{note}").format(
                weight=option.weight,
                total=found.total,
                share=f"{share // 10}.{share % 10} %",
                move=narrator.move(option.move),
                note=note,
            ),
            "  ",
            width,
        )
        for voice in option.voices:
            rule = narrator.rule(actor, voice.rule)
            amount = {"add": f"{voice.amount:+d}", "times": f"×{voice.amount}"}
            reason = narrator.title(rule.reason(option.move), "") if rule else ""
            source = narrator.source(rule.source) if rule else ""
            lines += wrapped(
                f"{amount.get(voice.op, f'÷{voice.amount}')} {reason} [{source}]", "      ", width
            )
    if found.sightings:
        lines.append("  " + say("What it believed, and what was true:"))
        for sight in found.sightings:
            known = f"{sight.believed} / {sight.true}" if narrator.lens.sees_all else sight.believed
            lines += wrapped(f"{narrator.gauge(sight.gauge)}{colon}{known}", "    ", width)
    return lines


def beside(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Rows of three cells: what it is, and two accounts of it side by side; the first is a head."""
    first = min(max(columns(what) for what, _, _ in rows), WIDTH // 3)
    side = (WIDTH - first - 4) // 2
    lines = []
    for place, row in enumerate(rows):
        cells = [wrapped(cell, width=w) for cell, w in zip(row, (first, side, side), strict=True)]
        for one, was, now in zip_longest(*cells, fillvalue=""):
            padded = (text + " " * (w - columns(text)) for text, w in ((one, first), (was, side)))
            lines.append("  ".join((*padded, now)).rstrip())
        if not place:
            lines.append("  ".join("─" * w for w in (first, side, side)))
    return lines


def arrow(change: int) -> str:
    """An arrow for a change of stage."""
    return "↑" if change > 0 else "↓" if change < 0 else ""


def painter(colour: bool) -> Paint:
    """A function that sets a text in a terminal's colour, or leaves it as it is."""
    return lambda code, text: f"{code}{text}{PLAIN}" if colour else text
