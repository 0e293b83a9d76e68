"""After the game: intents beside outcomes, what nobody knew, and files that are safe to open."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from typing import Any

import pytest
from leading import BLUE, RED, lead, open_orders, order, play_turn

from wargame.seminar import debrief
from wargame.seminar.aar import as_html
from wargame.seminar.debrief import as_csv, report
from wargame.seminar.guide import PROMPTS
from wargame.seminar.print_html import JAPANESE
from wargame.seminar.table import Table
from wargame.seminar.view import view

HOSTILE = '=cmd|"/c calc"!A1 <script>alert(1)</script> <img src=x onerror=alert(2)>'


@pytest.fixture
def finished(seat: Any) -> Table:
    """A game of two turns, with everything that a debrief can hold."""
    table: Table = seat(late="hold")
    for role in (RED, BLUE):
        table.command(role, "join")
    open_orders(table)
    line = {"move": "march", "intent": HOSTILE, "expect": "They will hide", "target": "blue"}
    table.command(RED, "submit", {"orders": [line]}, turn=1)
    table.command(BLUE, "submit", {"orders": [{"free": "Cut the wires"}]}, turn=1)
    lead(table, "lock")
    said = {"seat": "blue", "place": 0, "move": "plot", "reason": "the nearest move"}
    lead(table, "translate", said)
    skip = {"seat": "red", "place": 0, "verdict": "skip", "reason": "no fuel left"}
    lead(table, "rule", skip)
    lead(table, "commit")
    lead(table, "note", {"text": HOSTILE, "tags": ["mood", "red"]})
    lead(table, "odds", {"futures": 10})
    what = {"turn": 1, "orders": {"blue": ["hold"]}, "futures": 10, "reason": "what if blue waits"}
    lead(table, "what_if", what)
    open_orders(table)
    lead(table, "lock")
    lead(table, "commit")
    lead(table, "debrief")
    asked = lead(table, "question", {"text": "Why did you march?"}).revision
    table.command(RED, "answer", {"question": asked, "text": "We were afraid"})
    return table


def order_of(data: dict[str, Any], turn: int, actor: str) -> dict[str, Any]:
    return next(o for o in data["turns"][turn - 1]["orders"] if o["actor"] == actor)


def test_intents_stand_beside_rulings_and_outcomes(finished: Table) -> None:
    data = report(finished)
    red = order_of(data, 1, "red")
    assert (red["ordered"], red["made"], red["success"]) == ("March", "", False)
    assert (red["intent"], red["expect"]) == (HOSTILE, "They will hide")
    assert (red["verdict"], red["reason"]) == ("skip", "no fuel left")
    blue = order_of(data, 1, "blue")
    assert (blue["free"], blue["made"]) == ("Cut the wires", "Plot")
    assert (blue["verdict"], blue["reason"]) == ("translate", "the nearest move")
    assert order_of(data, 2, "red")["how"] == "hold"


def test_what_was_asked_noted_and_tried_is_in_the_report(finished: Table) -> None:
    data = report(finished)
    assert data["questions"] == [
        {"text": "Why did you march?", "answers": {"red": "We were afraid"}}
    ]
    assert data["notes"][0]["tags"] == ["mood", "red"]
    assert data["whatifs"][0]["reason"] == "what if blue waits"
    assert sum(e["count"] for e in data["forecasts"][0]["endings"]) == 10
    assert data["run"]["after"] == finished.board.world.digest()


def test_what_seats_did_not_know_is_what_they_saw_otherwise(finished: Table) -> None:
    for turn in report(finished)["turns"]:
        for gap in turn["unknown"]:
            situation = finished.board.position.records[turn["turn"] - 1].detail[gap["actor"]][0]
            assert gap["believed"] == int(situation.sees()[gap["gauge"]][0])
            row = finished.board.scenario.rows[gap["gauge"]]
            assert gap["true"] == int(situation.cells[row, 0])


def test_every_seat_sees_the_whole_report_once_it_is_open(finished: Table) -> None:
    for role in (RED, BLUE, "seat:green", "projector", "facilitator"):
        assert view(finished, role)["report"] == report(finished)


def test_every_row_of_the_csv_has_its_turn_and_no_formula(finished: Table) -> None:
    text = as_csv(finished)
    assert text.startswith("\ufeff")  # or Excel takes Japanese for another encoding
    found = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert {row["kind"] for row in found} >= {"order", "ladder", "note", "answer", "news"}
    for row in found:
        assert row["turn"] in {"1", "2"}
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    orders = [row for row in found if row["kind"] == "order"]
    assert len(orders) == 2 * 3 * 2  # turns, seats, orders


@pytest.mark.parametrize("text", ["=1+1", "@x", "12345678901234567", "12e456"])
def test_a_cell_that_a_spreadsheet_would_change_is_text(text: str) -> None:
    assert debrief._tame(text) == "'" + text
    assert debrief._tame("turn 12") == "turn 12" and debrief._tame(12) == 12


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and every address in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_page_is_one_safe_file(finished: Table, lang: str) -> None:
    text = as_html(finished, lang)
    page = Page(text)
    assert not {"script", "img", "link", "iframe"} & set(page.elements)
    assert not {"src", "href", "onerror", "style"} & set(page.attributes)
    assert "&lt;script&gt;" in text
    assert f'<html lang="{lang}">' in text
    assert page.elements.count("h1") == 1


def test_the_japanese_page_speaks_japanese(finished: Table) -> None:
    text = as_html(finished, "ja")
    ours = [sentence for sentence in JAPANESE if " " in sentence.strip() and "{" not in sentence]
    assert [sentence for sentence in ours if sentence in text] == []


def test_turning_points_are_the_turns_that_moved_the_odds(seat: Any) -> None:
    """Red marches in turn 2 alone: that turn brings the war nearer, and no other does."""
    table = seat()
    for march in (False, True, False, False):
        play_turn(table, *(["march", "march"] if march else ["hold", "hold"]))
    lead(table, "debrief")
    by_ladder = report(table)
    assert by_ladder["by_odds"] == 0
    found = lead(table, "turning_points", {"futures": 400}).data
    assert (found["turn"], found["futures"]) == (4, 400)
    told = report(table, "ja")
    assert told["by_odds"] == 400
    turns = [turn["turn"] for turn in told["decisive"]]
    assert turns == [turn["turn"] for turn in found["turns"]]
    assert turns[0] == 2
    moved = {share["title"]: share for share in told["decisive"][0]["odds"]}
    before, after = found["turns"][0]["endings"]["Quiet"]
    assert after < before
    for count, share in zip((before, after), moved["平穏"]["told"], strict=True):
        assert share.startswith(f"{count / 4:.1f} % (") or count == 0
    assert "結末の割合を最も動かしたターン" in as_html(table, "ja")
    # The same question has the same answer, and a turn that is taken back makes it void.
    assert lead(table, "turning_points", {"futures": 400}).data == found
    played = [event.seq for event in table.events if event.kind == "turn"][-1]
    lead(table, "rewind", {"event": played, "reason": "again"})
    assert report(table)["by_odds"] == 0


def test_mere_waiting_is_left_out_of_the_story_and_a_late_seat_is_not(seat: Any) -> None:
    table = seat(late="hold")
    table.command(BLUE, "join")
    lead(table, "start")
    lead(table, "open_orders")
    order(table, RED, "march")
    for name in ("lock", "commit", "debrief"):
        lead(table, name)
    rows = [
        (o["actor"], o["place"]) for o in report(table)["turns"][0]["orders"] if not o["silent"]
    ]
    assert ("red", 0) in rows and ("red", 1) not in rows
    assert ("blue", 0) in rows and ("blue", 1) not in rows


def test_a_ready_question_speaks_the_readers_language(seat: Any) -> None:
    table = seat()
    lead(table, "start")
    ready = view(table, "facilitator", "ja")["prompts"][0]
    lead(table, "question", {"text": ready})
    lead(table, "question", {"text": "Why?"})
    lead(table, "debrief")
    assert [q["text"] for q in view(table, RED, "en")["questions"]] == [
        "First, how are you? Say one word each, in or out of role.",
        "Why?",
    ]
    assert view(table, RED, "ja")["questions"][0]["text"] == ready
    assert ready not in view(table, "facilitator", "ja")["prompts"]
    assert len(view(table, "facilitator", "en")["prompts"]) == len(PROMPTS) - 1
