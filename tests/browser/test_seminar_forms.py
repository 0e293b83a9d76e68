"""Every form of the console, with the keyboard alone: injects, notes, rulings, what-ifs, undo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from four_seats import TEXTS
from live_server import Room
from seminar_room import Watch, reach

pytestmark = pytest.mark.browser


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS), encoding="utf-8")
    room = Room(tmp_path, "four-seats", "north,south")
    yield room
    room.kill()


@pytest.fixture
def watch(browser: Any, room: Room) -> Iterator[Watch]:
    watch = Watch(browser, room)
    yield watch
    watch.close()
    assert watch.troubles == []


SAID = {
    "inject": "Sent|Scheduled",
    "message": "Sent",
    "note": "Kept",
    "odds": "Counted",
    "question": "Added",
    "ruling": "Ruled",
    "translate": "Translated",
    "turn": "The turn is played",
    "undo": "Taken back",
    "whatif": "Played beside the game",
}
"""What the page says when an event of this kind is on disk."""


class Keys:
    """Somebody who leads a game and has no mouse."""

    def __init__(self, page: Any, room: Room) -> None:
        self.page, self.room = page, room

    def press(self, text: str, key: str = "Enter") -> None:
        """Go to a button or a heading that opens, and press it."""
        reach(self.page, text)
        self.page.keyboard.press(key)

    def write(self, name: str, text: str) -> None:
        """Go to a field by its id, and write."""
        reach(self.page, "", name)
        self.page.keyboard.type(text)

    def turn_to(self, text: str) -> None:
        """Wait until the primary button says this."""
        self.page.wait_for_selector(f".next button:has-text('{text}')")

    def logged(self, kind: str, number: int = 1) -> dict[str, Any]:
        """The newest event of a kind, once there are so many; what was sent is announced."""
        self.page.wait_for_selector(f"#said .good:text-matches('{SAID[kind]}')")
        found = [event["data"] for event in self.room.log if event["kind"] == kind]
        assert len(found) == number
        self.page.evaluate("document.getElementById('said').replaceChildren()")
        return found[-1]


@pytest.mark.parametrize("size", ["phone", "laptop"])
def test_a_turn_with_every_form(watch: Watch, room: Room, size: str) -> None:
    keys = Keys(watch.join("facilitator", size=size), room)
    north, south = watch.join("seat:north"), watch.join("seat:south")

    # News for one seat, with an effect; news for later.
    keys.press("New inject")
    keys.write("i-title", "A rumour")
    reach(keys.page, "", "i-about")
    keys.page.keyboard.press("Tab")
    keys.page.keyboard.press("Space")  # north
    keys.write("i-effects", "tension: +50")
    keys.press("Send now")
    inject = keys.logged("inject")
    assert (inject["stage"], inject["turn"]) == ("sent", 1)
    effects = {"tension": "+50"}
    heard = {"to": ["north"], "visible": "private"}
    assert inject["inject"] == {"title": "A rumour", "effects": effects, **heard}
    keys.write("i-title", "A storm")
    keys.write("i-turn", "2")
    keys.press("Schedule")
    assert keys.logged("inject", 2)["turn"] == 2

    # A note with tags, a message, a question of our own and one that lay ready.
    keys.write("note-text", "They hesitate")
    keys.write("note-tags", "mood, north")
    keys.press("Keep")
    assert keys.logged("note")["tags"] == ["mood", "north"]
    reach(keys.page, "", "message-text")
    for _ in range(4):
        keys.page.keyboard.press("Shift+Tab")
    keys.page.keyboard.press("Space")
    keys.write("message-text", "Hello, north")
    keys.press("Send")
    assert keys.logged("message")["to"] == ["seat:north"]
    north.wait_for_selector("text=Hello, north")
    keys.write("question-text", "What surprised you?")
    keys.press("Add")
    assert keys.logged("question")["text"] == "What surprised you?"
    keys.press("Ready questions")
    keys.press("Ask")
    assert keys.logged("question", 2)["text"].startswith("First, how are you?")

    keys.press("Start the game")
    keys.turn_to("Open orders for turn 1")
    keys.press("Open orders for turn 1")
    keys.turn_to("Lock orders")
    north.wait_for_selector("#move-0")
    assert north.is_visible("text=A rumour") and not south.is_visible("text=A rumour")
    north.select_option("#move-0", "march")
    north.click("text=Hand in orders")
    north.wait_for_selector(".handed")
    south.click("summary:has-text('own words') >> nth=0")
    south.fill("#free-0", "Bribe the harbour master")
    south.click("text=Hand in orders")
    south.wait_for_selector(".handed")
    keys.turn_to("everybody has ordered")
    keys.press("Lock orders: everybody has ordered")
    keys.turn_to("Play turn 1")

    # The umpire: one order does not take place, one is put into a move.
    keys.page.wait_for_selector("text=1 orders in free words wait for you")
    keys.press("Rule on it North")
    reach(keys.page, "", "verdict-north-0")
    keys.page.keyboard.type("does not")
    keys.write("reason-north-0", "no fuel")
    keys.press("Rule")
    ruling = keys.logged("ruling")
    assert (ruling["seat"], ruling["verdict"], ruling["reason"]) == ("north", "skip", "no fuel")
    reach(keys.page, "", "t-move-south-0")
    keys.page.keyboard.type("Talk")
    keys.write("t-reason-south-0", "the nearest")
    keys.press("Translate")
    assert keys.logged("translate")["move"] == "talk"
    keys.press("Rule on it South")
    reach(keys.page, "", "t-move-south-0")
    keys.page.keyboard.press("Home")
    keys.press("Or as news of the next turn")
    keys.write("t-title-south-0", "A harbour master is bribed")
    keys.write("t-effects-south-0", "tension: -5")
    keys.write("t-reason-south-0", "no move comes near")
    keys.press("Translate")
    assert keys.logged("translate", 2)["inject"] == {
        "title": "A harbour master is bribed",
        "effects": {"tension": "-5"},
    }
    keys.press("Play turn 1")
    keys.turn_to("Go to turn 2")
    keys.logged("turn")

    # What if; how it goes on; and the turn is taken back.
    keys.write("w-turn", "1")
    reach(keys.page, "", "w-order")
    keys.page.keyboard.type("North: M")
    keys.press("Play it")
    assert keys.logged("whatif")["orders"] == {"north": ["march"]}
    keys.page.wait_for_selector("details.fork")
    keys.press("Count how they end")
    assert keys.logged("odds")["futures"] == 100
    played = [event["seq"] for event in room.log if event["kind"] == "turn"][-1]
    keys.press(f"Undo {played}")
    keys.write("undo-reason", "once more")
    keys.page.keyboard.press("Enter")
    keys.turn_to("Play turn 1")
    assert keys.logged("undo")["undoes"] == played
