"""A whole game of four teams over six turns in real browsers, with everything that goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from four_seats import SEATS, TEXTS
from live_server import Room
from seminar_room import SIZES, Watch, axe, overflow, reach

pytestmark = pytest.mark.browser


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS), encoding="utf-8")
    room = Room(tmp_path, "four-seats", ",".join(SEATS))
    yield room
    room.kill()


@pytest.fixture
def watch(browser: Any, room: Room) -> Iterator[Watch]:
    watch = Watch(browser, room)
    yield watch
    watch.close()
    assert watch.troubles == []


def press(facilitator: Any, text: str, then: str) -> None:
    """Press the primary button when it says this, and wait until the next one says that."""
    facilitator.click(f".next button:has-text('{text}')")
    facilitator.wait_for_selector(f".next button:has-text('{then}')")


def write(seat: Any, turn: int, move: str, intent: str) -> None:
    """Fill in the first order of a turn."""
    seat.wait_for_selector(f"form[data-keep='orders-{turn}']")
    seat.select_option("#move-0", move)
    seat.fill("#intent-0", intent)


def hand_in(seat: Any) -> None:
    """Hand in, and wait for what the server then shows, not for a word of an earlier turn."""
    seat.click("form.orders button.primary")
    seat.wait_for_selector(".handed")


@pytest.fixture
def people(watch: Watch) -> dict[str, Any]:
    """A facilitator, a projector and three teams."""
    pages = {
        "facilitator": watch.join("facilitator"),
        "projector": watch.join("projector", size="projector"),
        **{name: watch.join(f"seat:{name}") for name in SEATS if name != "west"},
    }
    return pages


def test_a_whole_game(watch: Watch, room: Room, people: dict[str, Any]) -> None:
    """Six turns of four teams, one of which reads Japanese on a phone."""
    facilitator = people["facilitator"]
    people["west"] = watch.join("seat:west", "ja", "phone")
    press(facilitator, "Start the game", "Open orders for turn 1")
    for turn in range(1, 7):
        press(facilitator, f"Open orders for turn {turn}", "Lock orders, without")
        for name in SEATS:
            # Order may be given; what else happens in this turn happens with words half typed.
            write(people[name], turn, "march" if name == "north" else "hold", f"{name} {turn}")
        if turn == 2:
            reload_in_the_middle(people["south"])
        if turn == 3:
            lose_the_connection(watch, people, facilitator)
        if turn == 4:
            restart_the_server(watch, room, people, facilitator)
        for name in SEATS:
            hand_in(people[name])
        press(facilitator, "Lock orders: everybody has ordered", f"Play turn {turn}")
        press(facilitator, f"Play turn {turn}", "Open the debrief" if turn == 6 else "Go to turn")
        people["projector"].wait_for_selector(f"h2:has-text('Turn {turn}')")
        if turn == 5:
            undo_and_play_again(people, facilitator, room)
        if turn < 6:
            press(facilitator, f"Go to turn {turn + 1}", f"Open orders for turn {turn + 1}")
    debrief(people, facilitator)
    assert [event["data"]["turn"] for event in room.log if event["kind"] == "turn"] == [
        1, 2, 3, 4, 5, 5, 6
    ]  # fmt: skip


def reload_in_the_middle(seat: Any) -> None:
    """What was typed is there after F5, whether or not the server had it yet."""
    seat.fill("#intent-1", "typed just now")
    seat.reload()
    seat.wait_for_selector("#intent-1")
    assert seat.input_value("#intent-0") == "south 2"
    assert seat.input_value("#intent-1") == "typed just now"
    seat.fill("#intent-1", "")


def lose_the_connection(watch: Watch, people: dict[str, Any], facilitator: Any) -> None:
    """One team is cut off, goes on typing, and catches up by itself."""
    east = people["east"]
    watch.expecting_a_crash = True
    east.context.set_offline(True)
    east.evaluate("socket.close()")
    east.wait_for_selector("#line[data-state=away]")
    east.fill("#intent-0", "written on an island")
    facilitator.fill("#message-text", "Are you there, east?")
    facilitator.check("#message input[value='seat:east']")
    facilitator.click("#message button")
    facilitator.wait_for_selector("#said:has-text('Sent.')")
    east.context.set_offline(False)
    east.wait_for_selector("text=Are you there, east?")
    east.wait_for_selector("#line[data-state=here]")
    assert east.input_value("#intent-0") == "written on an island"
    east.wait_for_selector("text=draft saved")
    watch.expecting_a_crash = False


def restart_the_server(watch: Watch, room: Room, people: dict[str, Any], facilitator: Any) -> None:
    """kill -9 while people type: the pages come back by themselves, words and focus kept."""
    west = people["west"]
    hand_in(people["north"])
    west.focus("#intent-0")
    watch.expecting_a_crash = True
    room.kill()
    for page in people.values():
        page.wait_for_selector("#line[data-state=away]")
    west.keyboard.type(" and more")
    room.start()
    for page in people.values():
        page.wait_for_selector("#line[data-state=here]")
    facilitator.wait_for_selector("text=The server was restarted.")
    west.wait_for_selector("text=一時停止中です。入力は")
    assert west.input_value("#intent-0").endswith(" and more")
    assert west.evaluate("document.activeElement.id") == "intent-0"
    people["north"].wait_for_selector(".handed h2:has-text('Your orders are handed in')")
    facilitator.click(".clockwork button:has-text('Go on')")
    west.wait_for_selector("text=一時停止中です。入力は", state="detached")
    people["north"].click("text=Take them back and change them")
    write(people["north"], 4, "march", "north 4")
    watch.expecting_a_crash = False


def undo_and_play_again(people: dict[str, Any], facilitator: Any, room: Room) -> None:
    """The turn is taken back and played again: everybody sees it, and the luck is the same."""
    played = [event["data"] for event in room.log if event["kind"] == "turn"][-1]
    facilitator.click(".log li:has-text('Turn 5 played') button:has-text('Undo')")
    facilitator.fill("#undo-reason", "for practice")
    facilitator.click("#undoing button.primary")
    facilitator.wait_for_selector(".next button:has-text('Play turn 5')")
    people["north"].wait_for_selector("text=The facilitator has reopened this turn.")
    press(facilitator, "Play turn 5", "Go to turn 6")
    again = [event["data"] for event in room.log if event["kind"] == "turn"][-1]
    assert again["after"] == played["after"]
    assert again["success"] == played["success"]


def debrief(people: dict[str, Any], facilitator: Any) -> None:
    """All lenses open; a question, an answer that everybody reads, and a report to take home."""
    facilitator.fill("#question-text", "What surprised you?")
    facilitator.click("#question button")
    press(facilitator, "Open the debrief", "Close the game")
    north = people["north"]
    north.fill("form[id^=answer-] textarea", "That we marched <b>alone</b>.")
    north.click("form[id^=answer-] button")
    people["west"].wait_for_selector("text=That we marched <b>alone</b>.")
    # What south meant was sealed; now it stands beside what came of it.
    people["east"].wait_for_selector("td:has-text('south 6')")
    with facilitator.expect_download() as download:
        facilitator.click("text=Report as one page")
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert "north 3" in text
    assert "<b>alone</b>" not in text
    press_end = ".next button:has-text('Close the game')"
    facilitator.click(press_end)
    facilitator.wait_for_selector(press_end, state="detached")


def test_a_turn_with_the_keyboard_alone(watch: Watch, people: dict[str, Any]) -> None:
    facilitator, north = people["facilitator"], people["north"]
    reach(facilitator, "Start the game")
    facilitator.keyboard.press("Enter")
    facilitator.wait_for_selector("text=Open orders for turn 1")
    reach(facilitator, "Open orders for turn 1")
    facilitator.keyboard.press("Space")
    north.wait_for_selector("#move-0")
    reach(north, "", "move-0")
    north.keyboard.type("M")
    assert north.input_value("#move-0") == "march"
    north.keyboard.press("Tab")
    north.keyboard.type("By hand")
    reach(north, "Hand in orders")
    north.keyboard.press("Enter")
    north.wait_for_selector("text=By hand")
    north.wait_for_selector("text=Your orders are handed in and on disk.")
    facilitator.wait_for_selector("text=Lock orders, without South")


def test_two_devices_of_one_seat_are_both_told(watch: Watch, people: dict[str, Any]) -> None:
    second = watch.join("seat:north", size="phone")
    for page in (people["north"], second):
        page.wait_for_selector("text=2 devices hold this seat.")
    second.close()
    people["north"].wait_for_selector("text=2 devices hold this seat.", state="detached")


def test_typing_and_focus_survive_whatever_others_do(watch: Watch, people: dict[str, Any]) -> None:
    facilitator, north = people["facilitator"], people["north"]
    press(facilitator, "Start the game", "Open orders for turn 1")
    press(facilitator, "Open orders for turn 1", "Lock orders")
    north.wait_for_selector("#intent-0")
    north.focus("#intent-0")
    for number in range(5):
        facilitator.fill("#message-text", f"Message {number}")
        facilitator.check("#message input[value='seat:north']")
        facilitator.click("#message button")
        north.keyboard.type(f"{number} ")
        north.wait_for_selector(f"text=Message {number}")
    assert north.input_value("#intent-0") == "0 1 2 3 4 "
    assert north.evaluate("document.activeElement.id") == "intent-0"


def test_the_facilitator_sees_as_a_seat_what_the_seat_sees(
    watch: Watch, people: dict[str, Any]
) -> None:
    facilitator, north = people["facilitator"], people["north"]
    press(facilitator, "Start the game", "Open orders for turn 1")
    facilitator.click(".seat:has-text('North') a:has-text('See as')")
    facilitator.wait_for_selector("#part h1:has-text('North')")
    north.wait_for_selector("#h-orders")
    assert facilitator.is_disabled("#move-0")
    shown = "document.querySelector('.narrow #h-know').parentElement.innerText"
    assert facilitator.evaluate(shown) == north.evaluate(shown)
    facilitator.click("text=Back to the console")
    facilitator.wait_for_selector("#part h1:has-text('Console')")


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_in_every_phase_and_size_fits_and_meets_axe(
    watch: Watch, room: Room, lang: str, size: str
) -> None:
    door = watch.page(size)
    door.goto(f"{room.link}/join?lang={lang}")
    found = {"door": axe(door)}
    facilitator = watch.join("facilitator", lang, size)
    north = watch.join("seat:north", lang, size)
    projector = watch.join("projector", lang, size)
    pages = {"facilitator": facilitator, "seat": north, "projector": projector}
    phases = ("setup", "briefing", "orders", "adjudication", "resolution", "debrief", "ended")
    for phase in phases:
        for who, page in pages.items():
            page.wait_for_selector(f"[data-phase={phase}]")
            page.evaluate("document.querySelectorAll('details').forEach(x => { x.open = true; })")
            assert overflow(page) <= 0, f"{who} {phase}"
            found[f"{who} {phase}"] = axe(page)
        if phase == "orders":
            write(north, 1, "march", "<b>x</b>")
            north.click("form.orders button.primary")
            north.wait_for_selector(".handed")
        if phase != "ended":
            command = {"resolution": "debrief"}.get(phase)
            where = f"#do-{command} button" if command else ".next button.primary"
            facilitator.click(where)
    assert {where: faults for where, faults in found.items() if faults} == {}


@pytest.mark.long
def test_pages_come_back_within_ten_seconds_whenever_the_server_is_killed(
    watch: Watch, room: Room, people: dict[str, Any]
) -> None:
    """Twenty times, and what is typed while nobody listens is kept and saved."""
    facilitator, north = people["facilitator"], people["north"]
    press(facilitator, "Start the game", "Open orders for turn 1")
    press(facilitator, "Open orders for turn 1", "Lock orders")
    north.wait_for_selector("#intent-0")
    north.focus("#intent-0")
    watch.expecting_a_crash = True
    for number in range(20):
        room.kill()
        north.wait_for_selector("#line[data-state=away]")
        north.keyboard.type(f"{number} ")
        room.start()
        for page in people.values():
            page.wait_for_selector("#line[data-state=here]", timeout=10_000)
        north.wait_for_selector("text=The game is paused.")
        north.wait_for_selector("text=draft saved")
        facilitator.click(".clockwork button:has-text('Go on')")
        north.wait_for_selector("text=The game is paused.", state="detached")
    assert north.input_value("#intent-0") == "".join(f"{number} " for number in range(20))
    assert north.evaluate("document.activeElement.id") == "intent-0"
