"""The course kit of a scenario: role packets, the facilitator's guide, move cards. For printing.

Everything about the crisis comes from its YAML, so a changed scenario needs no second pen.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from wargame.backends.turn import begin
from wargame.boundary.files import make_folder, write_text
from wargame.content.spec import Text
from wargame.engine.randomness import Luck
from wargame.engine.scenario import Scenario
from wargame.errors import counted
from wargame.replay.playthrough import Playthrough
from wargame.replay.replay import Played, play_turn
from wargame.seats import actor_view
from wargame.seminar import guide
from wargame.seminar.print_html import STYLE, Say, page, say_in
from wargame.show.text.language import read
from wargame.show.text.narrate import Narrator
from wargame.show.text.perspective import Lens

PACKETS = """
.packet { break-after: page; } .back { break-before: page; }
.two { columns: 2; column-gap: 1.6rem; } .two li, .two tr { break-inside: avoid; }
.two h3 { break-after: avoid; }
@media print { .packet { font-size: 8.6pt; } .packet table { font-size: 7.6pt; }
  .packet th, .packet td { padding: .1rem .3rem; } .packet p, .packet li { margin: .1rem 0; }
  .packet h2 { margin: .5rem 0 .15rem; } .packet h3 { margin: .3rem 0 .1rem; } }
"""

CARDS = """
.cards { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3mm; }
.card { border: 1.5px solid #222; border-radius: 3mm; padding: 2.5mm; min-height: 62mm;
  break-inside: avoid; display: flex; flex-direction: column; font-size: 9pt; }
.card h3 { margin: 0 0 1mm; font-size: 11pt; } .card p { margin: 0 0 1mm; }
.card .foot { margin-top: auto; font-size: 7.5pt; color: #333; border-top: 1px solid #999;
  padding-top: 1mm; }
.card .code { float: right; font-weight: bold; font-size: 9pt; }
.escalate { border-left-width: 3mm; }
.de-escalate { border-left-width: 3mm; border-left-style: double; }
"""

TICKS = {"escalate": "▲", "de-escalate": "▼", "neutral": "●"}


def write_kit(scenario: Scenario, folder: Path, lang: str = "en") -> tuple[Path, ...]:
    """Write the kit's pages into a folder; pages of that name are replaced.

    Raises StoreError if they cannot be written.
    """
    pages = {
        "roles.html": packets(scenario, lang),
        "facilitator.html": facilitators_guide(scenario, lang),
        "cards.html": cards(scenario, lang),
    }
    pages["index.html"] = _index(scenario, lang)
    make_folder(folder)
    for name, text in pages.items():
        write_text(folder / name, text)
    return tuple(folder / name for name in pages)


def _index(scenario: Scenario, lang: str) -> str:
    say = say_in(lang)
    title = _title(scenario, lang) + _colon(lang) + say("Course kit")
    links = {
        "facilitator.html": say("Facilitator's guide"),
        "roles.html": say("Role packets"),
        "cards.html": say("Move cards"),
    }
    items = "".join(f'<li><a href="{name}">{escape(text)}</a></li>' for name, text in links.items())
    return page(title, [f"<h1>{escape(title)}</h1>", f"<ul>{items}</ul>"], lang)


def _title(scenario: Scenario, lang: str) -> str:
    file = scenario.spec.scenario
    return read(file.title, lang, file.id)


# ------------------------------------------------------------------------------ role packets


def packets(scenario: Scenario, lang: str) -> str:
    """Two pages for every actor: who you are, and what you know and can do."""
    say = say_in(lang)
    opened = play_turn(
        scenario,
        begin(scenario, Luck(scenario.header.seed, [0])),
        Luck(scenario.header.seed, [0]),
    )
    title = _title(scenario, lang) + _colon(lang) + say("Role packets")
    body = [_packet(scenario, opened, actor, lang) for actor in scenario.header.actors]
    return page(title, body, lang, STYLE + PACKETS)


def _packet(scenario: Scenario, opened: Played, actor: str, lang: str) -> str:
    say = say_in(lang)
    brief = actor_view.brief(scenario, actor, lang)
    file = scenario.spec.scenario
    front = [
        f"<p class=small>{escape(_title(scenario, lang))} · {say('Role packet')}</p>",
        f"<h1>{escape(brief['title'])}</h1>",
        f"<h2>{say('Who you are')}</h2><p>{escape(brief['about'])}</p>",
        *(f"<p>{escape(text)}</p>" for text in brief["profile"].values()),
        _points(say("What you want"), brief["goals"]),
        _points(say("What you will not bear"), brief["red_lines"]),
        _points(say("What you measure losses by"), brief["reference_points"]),
        f"<h2>{say('The situation')}</h2><p>{escape(read(file.about, lang))}</p>",
        _ladders(scenario, lang),
        _ties(scenario, actor, lang),
        f"<p class=small>{_honest(say)}</p>",
    ]
    back = [
        f"<h2>{escape(brief['name'])}: {say('What you know at the start')}</h2>",
        _known(scenario, opened, actor, lang),
        f"<h2>{say('What you can do')}</h2>",
        f"<p>{say('Orders each turn: {orders}.').format(orders=file.turn.orders)} "
        + say(
            "Every order is sealed until all are in. Write down what you mean by it and what you "
            "expect others to do: the debrief begins there."
        )
        + f"</p><p class=small>{_legend(say)}</p>",
        _moves(scenario, opened, actor, lang),
    ]
    return (
        "<section class=packet>"
        + "".join(front)
        + "<div class=back>"
        + "".join(back)
        + "</div></section>"
    )


def _legend(say: Say) -> str:
    return " &nbsp; ".join(f"{tick} {say(direction)}" for direction, tick in TICKS.items())


def _honest(say: Say) -> str:
    return say("Teaching material for a model; it states nobody's official view.")


def _points(head: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return f"<h2>{head}</h2><ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _ladders(scenario: Scenario, lang: str) -> str:
    say, told = say_in(lang), _teller(scenario, lang)
    items = []
    for dyad, spec in scenario.spec.scenario.dyads.items():
        words = say("stage {stage} of 9: {name}")
        items.append(
            f"{told.dyad(dyad)}: " + words.format(stage=spec.stage, name=told.stage(spec.stage))
        )
    return _points(say("Where the conflicts stand"), items)


def _ties(scenario: Scenario, actor: str, lang: str) -> str:
    say, told = say_in(lang), _teller(scenario, lang)
    ties = [tie for tie in scenario.spec.scenario.ties if tie.from_ == actor]
    if not ties:
        return ""
    rows = [
        [
            escape(told.actor(tie.to)),
            say(tie.kind),
            f"{tie.leverage}",
            escape(read(tie.because, lang)),
        ]
        for tie in sorted(ties, key=lambda tie: -tie.leverage)
    ]
    heads = [say(word) for word in ("to", "kind", "strength", "why")]
    return f"<h2>{say('Whom you can influence')}</h2>" + _grid(heads, rows)


def _known(scenario: Scenario, opened: Played, actor: str, lang: str) -> str:
    """What concerns the actor: its own gauges, what it sees through noise, and the world's."""
    say = say_in(lang)
    situation = opened.record.detail[actor][0]
    items: dict[str, list[str]] = {"own": [], "intelligence": [], "public": []}
    for gauge in actor_view.known(scenario, situation, actor, lang):
        top = gauge["max"]
        text = f"{gauge['title']} <b>{gauge['value']}</b> / {top}"
        if gauge["source"] == "intelligence" and gauge["margin"]:
            text += f" (±{gauge['margin']})"
        items[gauge["source"]].append(text)
    heads = {
        "own": say("yours"),
        "intelligence": say("intelligence, uncertain"),
        "public": say("public facts"),
    }
    return "".join(
        f"<p><b>{heads[source]}</b>: {'; '.join(texts)}</p>"
        for source, texts in items.items()
        if texts
    )


def _moves(scenario: Scenario, opened: Played, actor: str, lang: str) -> str:
    say = say_in(lang)
    parts = []
    for group in actor_view.moves(scenario, opened.record.detail[actor], lang):
        items = "".join(
            f"<li>{TICKS[move['direction']]} <b>{escape(move['title'])}</b>"
            + ("" if move["visible"] == "public" else f" ({say(move['visible'])})")
            + "</li>"
            for move in group["moves"]
        )
        parts.append(f"<h3>{say(group['kind'])}</h3><ul>{items}</ul>")
    return "<div class=two>" + "".join(parts) + "</div>"


def _teller(scenario: Scenario, lang: str) -> Narrator:
    return Narrator(Playthrough(scenario, 0, 0, (), ()), lang, Lens())


# ------------------------------------------------------------------------------ the guide


def facilitators_guide(scenario: Scenario, lang: str) -> str:
    """How to run this scenario: timetables, steps, what may happen, questions for the end."""
    say = say_in(lang)
    file = scenario.spec.scenario
    title = _title(scenario, lang) + _colon(lang) + say("Facilitator's guide")
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(read(file.about, lang))}</p>"]
    for slots in (guide.SHORT, guide.LONG):
        body.append(_timetable(slots, lang))
    for head, steps in guide.STEPS:
        body.append(f"<h2>{escape(head[lang])}</h2>")
        body.append("<ul>" + "".join(f"<li>{_code(step[lang])}</li>" for step in steps) + "</ul>")
    body.append(_calendar(scenario, lang))
    body.append(_endings(scenario, lang))
    body.append(f"<h2>{say('Hot wash')}</h2><ol>")
    body.append("".join(f"<li>{escape(prompt[lang])}</li>" for prompt in guide.PROMPTS) + "</ol>")
    return page(title, body, lang)


def _code(text: str) -> str:
    """Text whose `back quotes` are code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _timetable(slots: Sequence[guide.Slot], lang: str) -> str:
    say = say_in(lang)
    total = sum(slot.minutes for slot in slots)
    rows, at = [], 0
    for slot in slots:
        rows.append([f"{at // 60}:{at % 60:02}", str(slot.minutes), escape(slot.what[lang])])
        at += slot.minutes
    turns = sum(slot.turns for slot in slots)
    head = (
        f"{total}分（{turns}ターン）"
        if lang == "ja"
        else f"{total} minutes, {counted(turns, 'turn')}"
    )
    heads = [say("clock"), say("minutes"), say("what")]
    return f"<h2>{head}</h2>" + _grid(heads, rows)


def _calendar(scenario: Scenario, lang: str) -> str:
    told = _teller(scenario, lang)
    rows = [
        [escape(told.heading(inject.turn)), escape(_both(inject.title, inject.about, lang))]
        for inject in sorted(scenario.spec.scenario.injects, key=lambda inject: inject.turn)
    ]
    if not rows:
        return ""
    head = "暦どおりに届く知らせ" if lang == "ja" else "News that come by the calendar"
    say = say_in(lang)
    return f"<h2>{head}</h2>" + _grid([say("turn"), say("what")], rows)


def _endings(scenario: Scenario, lang: str) -> str:
    file = scenario.spec.scenario
    told = _teller(scenario, lang)
    titles = {name: told.milestone(name) for name in file.milestones}
    titles |= {name: told.ending(name) for name in file.endings}
    rows = [[escape(title), escape(told.meaning(name))] for name, title in titles.items()]
    if not rows:
        return ""
    head = "起こりうる節目と結末" if lang == "ja" else "What may be reached"
    say = say_in(lang)
    return f"<h2>{head}</h2>" + _grid([say("How it ended"), say("what")], rows)


def _both(title: Text | None, about: Text | None, lang: str) -> str:
    return _colon(lang).join(filter(None, (read(title, lang), read(about, lang))))


def _colon(lang: str) -> str:
    return "：" if lang == "ja" else ": "


# ------------------------------------------------------------------------------ move cards


def cards(scenario: Scenario, lang: str) -> str:
    """A card for every move that somebody can make, nine on a page."""
    say = say_in(lang)
    told = _teller(scenario, lang)
    title = _title(scenario, lang) + _colon(lang) + say("Move cards")
    made: list[str] = []
    for kind in actor_view.KINDS:
        for move, spec in scenario.spec.moves.items():
            by = [actor for actor in scenario.header.actors if actor in spec.by]
            if spec.kind != kind or not by:
                continue
            made.append(
                _card(actor_view.card(spec, move, lang), [told.actor(a) for a in by], told, say)
            )
    body = [f"<h1>{escape(title)}</h1>", "<div class=cards>", *made, "</div>"]
    return page(title, body, lang, STYLE + CARDS)


def _card(card: dict[str, Any], by: Sequence[str], told: Narrator, say: Say) -> str:
    foot = [say(card["kind"]), say(card["direction"]), say(card["visible"])]
    if card["stage"]:
        foot.append(say("stage {stage}").format(stage=card["stage"]))
    if card["target"] in told.scenario.header.actors:
        foot.append(say("aimed at {target}").format(target=told.actor(card["target"])))
    if card["cooldown"]:
        foot.append(say("again after {turns} turns").format(turns=card["cooldown"] + 1))
    who = escape(say(", ").join(by))
    return (
        f'<article class="card {card["direction"]}"><h3><span class=code>{escape(card["code"])}'
        f"</span>{TICKS[card['direction']]} {escape(card['title'])}</h3>"
        f"<p>{escape(card['about'])}</p>"
        f"<div class=foot>{escape(' · '.join(foot))}<br>{who}</div></article>"
    )


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are HTML already."""
    head = "".join(f"<th scope=col>{escape(word)}</th>" for word in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
