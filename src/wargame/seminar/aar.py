"""The after-action report as one HTML page that needs nothing else: no server, no network."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from wargame.seminar.debrief import report
from wargame.seminar.game import Game
from wargame.seminar.print_html import STYLE, page, say_in

Piece = dict[str, Any]


def as_html(table: Game, lang: str = "en") -> str:
    """The report of a game, in a language. For the phases debrief and ended."""
    data = report(table, lang)
    say = say_in(lang)
    title = table.board.scenario.spec.scenario.title.get(lang)
    run = data["run"]
    named = say("{scenario}, seed {seed}, run {run}; {events} events; engine {engine}").format(
        **run
    )
    body = [
        f"<h1>{escape(title)}{say(': ')}{say('after-action report')}</h1>",
        f"<p class=small>{escape(named)}<br>{say('Last world')}{say(': ')}{run['after'][:16]}</p>",
        f"<p>{say('This is one run of a model, made for learning. It is not a forecast.')}</p>",
        _seats(data, say),
        f"<p><b>{say('How it ended')}</b>{say(': ')}"
        f"{escape(data['ending'] or say('The game was stopped before an ending.'))}</p>",
        _decisive(data, say),
        *(_turn(turn, say) for turn in data["turns"]),
        _whatifs(data, say),
        _forecasts(data, say),
        _notes(data, say),
        _questions(data, say),
    ]
    return page(f"{title}{say(': ')}{say('after-action report')}", body, lang, STYLE)


def _seats(data: Piece, say: Any) -> str:
    held = {"human": say("people"), "rules": say("rules"), "agent": say("program")}
    rows = [[seat["name"], held.get(seat["holder"], seat["holder"])] for seat in data["seats"]]
    return _table([say("seat"), say("held by")], rows)


def _decisive(data: Piece, say: Any) -> str:
    if not data["decisive"] and not data["by_odds"]:
        return ""
    items = []
    for turn in data["decisive"]:
        odds = [f"{o['title']} {' → '.join(o['told'])}" for o in turn["odds"]]
        marks = [f"{r['title']} {r['stage'] - r['change']} → {r['stage']}" for r in turn["ladders"]]
        items.append(f"{turn['title']}: {'; '.join([*turn['milestones'], *odds, *marks])}")
    honest = say(
        "The turns that moved the shares of endings most, of {n} model runs after each turn."
        if data["by_odds"]
        else "The turns in which the ladders moved most."
    ).format(n=data["by_odds"])
    return f"<h2>{say('Turning points')}</h2><p>{honest}</p>" + _list(
        items or [say("No turn stands out.")]
    )


def _turn(turn: Piece, say: Any) -> str:
    parts = [f"<section class=turn><h2>{escape(turn['title'])}</h2>"]
    if turn["news"]:
        parts.append(_list(item["text"] for item in turn["news"]))
    rows = []
    for order in turn["orders"]:
        if order["silent"]:
            continue
        umpire = " ".join(filter(None, (_verdict(order["verdict"], say), order["reason"])))
        ordered = order["free"] or order["ordered"]
        if order["made"] != ordered:
            ordered = f"{ordered} → {order['made'] or say('nothing')}"
        outcome = say("succeeded") if order["success"] else say("did not succeed")
        rows.append(
            [
                f"{order['name']} ({_by(order, say)})",
                ordered,
                order["intent"] or order["because"],
                order["expect"],
                umpire or order["left_out"],
                outcome if order["made"] else "",
            ]
        )
    heads = ["seat", "order", "intent or reason", "expected", "umpire", "outcome"]
    parts.append(_table([say(head) for head in heads], rows))
    rungs = [f"{r['title']} {r['stage']}" + _arrow(r["change"]) for r in turn["ladders"]]
    if rungs:
        parts.append(f"<p><b>{say('Ladder')}</b>{say(': ')}{escape('; '.join(rungs))}</p>")
    if turn["unknown"]:
        gaps = [
            say("{name} took {title} for {believed}; it was {true}").format(**gap)
            for gap in turn["unknown"]
        ]
        parts.append(
            f"<details><summary>{say('What seats did not know')}</summary>{_list(gaps)}</details>"
        )
    return "".join((*parts, "</section>"))


def _by(order: Piece, say: Any) -> str:
    how = {
        "draft": say("last draft"),
        "hold": say("late: held"),
        "agent": say("program"),
        "rules": say("rules"),
        "submitted": say("people"),
    }
    return str(how[order["how"]])


def _verdict(verdict: str, say: Any) -> str:
    words = {
        "modify": say("changed:"),
        "skip": say("did not take place:"),
        "succeed": say("ruled a success:"),
        "fail": say("ruled a failure:"),
        "translate": say("translated:"),
    }
    return str(words.get(verdict, ""))


def _arrow(change: int) -> str:
    return " ↑" if change > 0 else " ↓" if change < 0 else ""


def _whatifs(data: Piece, say: Any) -> str:
    if not data["whatifs"]:
        return ""
    items = []
    for what in data["whatifs"]:
        differs = [f"{t['turn']}" for t in what["result"]["turns"]]
        text = say("Turn {turn} with {orders}: turns {turns} go differently").format(
            turn=what["turn"], orders=what["ordered"] or "-", turns=", ".join(differs) or "-"
        )
        if what["endings"]:
            text += ". " + say("Of {n} futures each:").format(n=what["result"]["futures"]) + " "
            text += "; ".join(f"{e['title']} {' → '.join(e['told'])}" for e in what["endings"])
        items.append(text)
    return f"<h2>{say('What if')}</h2>" + _list(items)


def _forecasts(data: Piece, say: Any) -> str:
    if not data["forecasts"]:
        return ""
    items = []
    for found in data["forecasts"]:
        shares = "; ".join(f"{e['title']} {e['told']}" for e in found["endings"])
        head = say("After turn {turn}, of {futures} futures:").format(**found)
        items.append(f"{head} {shares}")
    honest = say("How the model goes on when all follow their rules; not a forecast.")
    return f"<h2>{say('End states from here')}</h2><p>{honest}</p>" + _list(items)


def _notes(data: Piece, say: Any) -> str:
    if not data["notes"]:
        return ""
    rows = [[str(n["turn"]), " ".join(n["tags"]), n["text"]] for n in data["notes"]]
    return f"<h2>{say('Notes')}</h2>" + _table([say("turn"), say("tags"), say("note")], rows)


def _questions(data: Piece, say: Any) -> str:
    if not data["questions"]:
        return ""
    names = {seat["actor"]: seat["name"] for seat in data["seats"]}
    parts = [f"<h2>{say('Hot wash')}</h2>"]
    for question in data["questions"]:
        parts.append(f"<h3>{escape(question['text'])}</h3>")
        parts.append(
            _table(
                [say("seat"), say("answer")],
                [[names.get(actor, actor), text] for actor, text in question["answers"].items()],
            )
        )
    return "".join(parts)


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th scope=col>{escape(word)}</th>" for word in heads)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
