"""One laptop in the room against the running server: it may be refused, and nobody else notices."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import Room
from raw import Raw
from three_seats import write_scenario

from wargame.seminar.web.hub import BY_PASS
from wargame.seminar.web.security import BODY_LIMIT
from wargame.seminar.web.server import BY_ADDRESS

ATTACKER = "127.0.0.2"  # another address of this machine: everybody else is 127.0.0.1
HOLD = {"orders": [{"move": "hold"}]}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("room")
    found = Room(folder, str(write_scenario(folder)), "red,blue")
    yield found
    found.kill()


class People:
    """The facilitator and two seats, with orders open."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.lines = {role: Raw(room.link) for role in ("facilitator", "seat:red", "seat:blue")}
        self.passes = {role: line.join(room.codes[role]) for role, line in self.lines.items()}
        self._handed_in = False

    def steer(self, name: str, **data: object) -> tuple[int, bytes]:
        line, token = self.lines["facilitator"], self.passes["facilitator"]
        page = line.ask("GET", "/part/facilitator", token)[1]
        helm = int(page.partition(b'data-revision="')[2].partition(b'"')[0])
        body = {"data": data, "revision": helm}
        return line.ask("POST", f"/do/{name}", token, body)

    def hand_in(self) -> int:
        """Blue hands in or takes back; the status."""
        name, data = ("withdraw", {}) if self._handed_in else ("submit", HOLD)
        status = self.lines["seat:blue"].do(name, self.passes["seat:blue"], data, turn=1)
        self._handed_in ^= status == 200
        return status


@pytest.fixture(scope="module")
def people(room: Room) -> People:
    found = People(room)
    assert found.steer("start")[0] == 200
    assert found.steer("open_orders")[0] == 200
    return found


def test_four_hundred_guesses_at_once_are_ten_and_a_hand_in_is_answered(
    room: Room, people: People
) -> None:
    """They were counted after they had been looked at: none was refused, and hand-ins timed out."""
    guessers = [Raw(room.link, ATTACKER) for _ in range(100)]
    for number, guesser in enumerate(guessers):
        for more in range(4):
            code = f"00000-{4 * number + more:05}"
            guesser.send("POST", "/join", body={"code": code})
    assert people.hand_in() == 200
    found = Counter(guesser.answer()[0] for guesser in guessers for _ in range(4))
    assert found == {403: 10, 429: 390}
    assert Raw(room.link).join(room.codes["seat:red"])  # from another address, codes still count
    assert people.hand_in() == 200


def test_a_pass_and_an_address_have_so_many_sockets_and_no_more(room: Room, people: People) -> None:
    hello = json.dumps({"pass": people.passes["seat:red"]})
    sockets = [Raw(room.link) for _ in range(BY_PASS + 1)]
    for socket in sockets:
        assert socket.upgrade() == 101
        socket.say(hello)
    heard = [socket.heard() for socket in sockets]
    assert heard == [b"\x81"] * BY_PASS + [b"\x88"]  # text; good-bye
    many = [Raw(room.link, ATTACKER) for _ in range(BY_ADDRESS)]
    one_more = Raw(room.link, ATTACKER)
    assert one_more.hung_up()
    assert people.hand_in() == 200
    for each in (*sockets, *many):
        each.close()


def test_slow_and_large_bodies_hold_up_nobody(room: Room, people: People) -> None:
    slow = [Raw(room.link, ATTACKER) for _ in range(50)]
    for connection in slow:
        length = {"content-type": "application/json", "content-length": str(BODY_LIMIT)}
        connection.socket.sendall(connection.head("POST", "/do/submit", length) + b"{")
    large = Raw(room.link, ATTACKER)
    length = {"content-type": "application/json", "content-length": str(BODY_LIMIT + 1)}
    large.socket.sendall(large.head("POST", "/do/submit", length))
    assert large.answer()[0] == 413
    assert people.hand_in() == 200
    for connection in slow:
        connection.close()


def test_commands_of_one_pass_wait_for_each_other_and_not_others_for_them(
    room: Room, people: People
) -> None:
    flood = [Raw(room.link, ATTACKER) for _ in range(60)]
    draft = {"data": {"orders": [{"move": "march", "intent": "x" * 4000}]}, "turn": 1}
    for connection in flood:
        connection.send("POST", "/do/draft", people.passes["seat:red"], draft)
    assert people.hand_in() == 200
    assert {connection.answer()[0] for connection in flood} <= {200, 429}


def test_no_request_starts_a_program_or_reaches_an_address(
    room: Room, people: People, tmp_path: Path
) -> None:
    marker = tmp_path / "it-ran"
    before = len(room.log)
    for holder in (f"agent:touch {marker}", f"touch {marker}", f"agent:{room.link}", room.link):
        assert people.steer("holder", seat="green", holder=holder)[0] == 400
    status, said = people.steer("holder", seat="green", holder="agent")
    assert status == 409 and b"--seat green=" in said
    assert len(room.log) == before and not marker.exists()


def test_who_leaves_without_a_word_says_nothing_on_the_facilitators_terminal(
    tmp_path: Path,
) -> None:
    """Every such leaving printed a page of program text there; thousands a minute could."""
    room = Room(tmp_path, str(write_scenario(tmp_path)), "red,blue")
    mute, halfway = Raw(room.link), Raw(room.link)
    assert mute.upgrade() == 101
    token = halfway.join(room.codes["seat:red"])
    said = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    half = halfway.head("POST", "/do/draft", {**said, "content-length": "9"})
    halfway.socket.sendall(half + b"{")
    for each in (mute, halfway):
        each.close()
    assert room.end() == ""


def test_a_killed_server_runs_nothing_that_its_log_names(tmp_path: Path) -> None:
    """`--open`, then *resume*: the holder that a log of the first edition names is data."""
    marker = tmp_path / "it-ran"
    room = Room(tmp_path, str(write_scenario(tmp_path)), "red,blue", f"green=touch {marker}.named")
    room.kill()
    log = tmp_path / "game.jsonl"
    assert "touch" not in log.read_text(encoding="utf-8")
    room.reseal(lambda data: data["seats"]["green"].update(holder=f"agent:touch {marker}"))
    room.start()
    people = People(room)
    for name in ("start", "resume", "open_orders"):
        assert people.steer(name)[0] == 200
    assert people.steer("lock")[0] == 200
    assert room.log[-1]["data"]["to"] == "adjudication"
    assert not list(tmp_path.glob("it-ran*"))
    room.kill()
