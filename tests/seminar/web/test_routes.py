"""Who gets what: every role against every page, part and command; joining, leaving, rejoining."""

from __future__ import annotations

import errno
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from people import HERE, SOCKET, Facilitator, Person
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import wargame.seminar.web.app as web_app
import wargame.seminar.web.hub as web_hub
from wargame.replay import log_file as log_module
from wargame.seats.requests import COMMANDS
from wargame.seminar.table import Table
from wargame.seminar.web.app import AWAY, console_code, create_app
from wargame.seminar.web.security import BODY_LIMIT, derived_code

ROLES = ("facilitator", "seat:red", "seat:blue", "projector")
PARTS = (*ROLES, "seat:green")

# Written out cell by cell: this is the list that a reviewer reads, not a formula.
MAY_SEE = {
    "facilitator": {"facilitator", "seat:red", "seat:blue", "seat:green", "projector"},
    "seat:red": {"seat:red", "projector"},
    "seat:blue": {"seat:blue", "projector"},
    "projector": {"projector"},
    "nobody": set(),
}
SEATS_MAY = {"join", "draft", "submit", "withdraw", "message", "answer"}
FACILITATOR_MAY = (set(COMMANDS) - SEATS_MAY) | {"message"}
MAY_DO = {
    "facilitator": FACILITATOR_MAY,
    "seat:red": SEATS_MAY,
    "seat:blue": SEATS_MAY,
    "projector": set(),
    "nobody": set(),
}


@pytest.fixture
def headers(client: TestClient, table: Table, tmp_path: Path) -> dict[str, dict[str, str]]:
    """The headers that each role sends."""
    public = derived_code((tmp_path / "game.key").read_bytes(), "projector", "0")
    codes = {**table.codes, "projector": public}
    people = {role: Person(client, codes[role]).headers for role in ROLES}
    return {**people, "nobody": {}}


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_every_role_against_every_part(
    client: TestClient, headers: dict[str, dict[str, str]], role: str
) -> None:
    for whose in PARTS:
        answer = client.get(f"/part/{whose}", headers=headers[role])
        refused = 401 if role == "nobody" else 403
        expected = 200 if whose in MAY_SEE[role] else refused
        assert answer.status_code == expected, (role, whose)


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_every_role_against_every_command(
    client: TestClient, headers: dict[str, dict[str, str]], role: str
) -> None:
    for name in COMMANDS:
        answer = client.post(f"/do/{name}", headers=headers[role], json={"data": {"odd": 1}})
        # A command that is allowed is refused for its words here, never for who gives it.
        expected = 401 if role == "nobody" else 400 if name in MAY_DO[role] else 403
        assert answer.status_code == expected, (role, name, answer.text)


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_every_role_against_the_reports(
    client: TestClient,
    headers: dict[str, dict[str, str]],
    facilitator: Facilitator,
    role: str,
) -> None:
    for kind in ("html", "csv"):
        answer = client.get(f"/report.{kind}", headers=headers[role])
        assert answer.status_code == (401 if role == "nobody" else 409)
    facilitator.to("debrief")
    for kind in ("html", "csv"):
        answer = client.get(f"/report.{kind}", headers=headers[role])
        assert answer.status_code == (401 if role == "nobody" else 200)


def test_what_is_open_to_anybody_says_nothing_of_the_game(client: TestClient, table: Table) -> None:
    for path in ("/", "/join", "/facilitator", "/projector", "/seat/red", "/seat/nobody", "/as/x"):
        page = client.get(path).text
        for secret in (*table.codes.values(), "Three seats", "Tension"):
            assert secret not in page, path


def test_there_is_nothing_else(client: TestClient, table: Table) -> None:
    routes = client.app.app.routes  # type: ignore[attr-defined]
    found = {(route.path, *sorted(getattr(route, "methods", ["WS"]))) for route in routes}
    assert found == {
        ("/", "GET", "HEAD"),
        ("/join", "GET", "HEAD"),
        ("/join", "POST"),
        ("/facilitator", "GET", "HEAD"),
        ("/projector", "GET", "HEAD"),
        ("/seat/{actor:str}", "GET", "HEAD"),
        ("/as/{whose:str}", "GET", "HEAD"),
        ("/part/{whose:str}", "GET", "HEAD"),
        ("/report.{kind:str}", "GET", "HEAD"),
        ("/do/{name:str}", "POST"),
        ("/link", "POST"),
        ("/static/{name:path}", "GET", "HEAD"),
        ("/nudge", "WS"),
    }
    before = table.revision
    for path, *methods in found:
        if "GET" in methods:
            client.get(path)
    assert table.revision == before, "a GET changed the game"


# ------------------------------------------------------------------------------ passes


def test_a_pass_outlives_a_restart_and_not_a_new_code(
    table: Table, tmp_path: Path, red: Person, facilitator: Facilitator
) -> None:
    again = create_app(table, [HERE], tmp_path / "game.key")
    with TestClient(again, base_url=HERE, headers={"origin": HERE}) as client:
        assert client.get("/part/seat:red", headers=red.headers).status_code == 200
    assert facilitator.do("code", {"role": "seat:red"}).status_code == 200
    assert red.part().status_code == 401
    assert red.do("message", {"to": ["facilitator"], "text": "still me"}).status_code == 401
    assert Person(facilitator.client, table.codes["seat:red"]).part().status_code == 200


def test_the_facilitator_comes_back_after_a_restart_with_a_code_that_ends_like_any_other(
    client: TestClient, table: Table, tmp_path: Path, facilitator: Facilitator
) -> None:
    code = console_code(table, tmp_path / "game.key")
    assert Person(client, code).role == "facilitator"
    assert facilitator.part().status_code == 200, "the pages of before stay open"
    facilitator.do("code", {"role": "facilitator"})
    assert client.post("/join", json={"code": code}).status_code == 403


def test_a_planted_cookie_or_token_opens_nothing(client: TestClient, red: Person) -> None:
    client.cookies.set("session", red.token)
    assert client.get("/part/seat:red").status_code == 401
    for token in ("", "x", red.token[:-1], red.token.replace("red", "blue"), "é"):
        answer = client.get("/part/seat:red", headers={"authorization": f"Bearer {token}".encode()})
        assert answer.status_code == 401
    # A pass in the address is none.
    assert client.get(f"/part/seat:red?pass={red.token}").status_code == 401


def test_codes_run_out(client: TestClient) -> None:
    wrong = [client.post("/join", json={"code": f"00000-{n:05}"}).status_code for n in range(12)]
    assert wrong == [403] * 10 + [429] * 2


def test_a_link_alone_joins_nobody(client: TestClient, table: Table) -> None:
    before = table.revision
    assert client.get("/join").status_code == 200
    assert table.revision == before
    Person(client, table.codes["seat:red"].lower().replace("-", " "))
    assert table.state.seats["red"].joined


# ------------------------------------------------------------------------------ what is sent


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"data": NaN}',
        b'{"turn": 1e999}',
        b'{"turn": "1"}',
        b'{"turn": true}',
        b'{"key": 7}',
        b'{"key": "' + b"k" * 101 + b'"}',
        b'{"more": 1}',
        b'{"data": [1]}',
        b'{"data": {"orders": [{"move": "march", "odd": 1}]}, "turn": 1}',
        b'{"data": {"orders": "march"}, "turn": 1}',
        b"[" * 30000,
        b'{"turn": ' + b"9" * 5000 + b"}",
        b'{"data": {"to": ["facilitator"], "text": "\\ud800"}}',
        b"\xff\xfe",
    ],
)
def test_nonsense_is_refused_in_one_line_and_changes_nothing(
    red: Person, facilitator: Facilitator, table: Table, body: bytes
) -> None:
    facilitator.to("orders")
    before = table.revision
    for name in ("submit", "message"):
        answer = red.client.post(
            f"/do/{name}",
            headers={**red.headers, "content-type": "application/json"},
            content=body,
        )
        assert answer.status_code == 400, answer.text
        assert answer.text.count("\n") <= 1
        assert "Traceback" not in answer.text
    assert table.revision == before


def test_only_json_changes_anything(red: Person) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        answer = red.client.post(
            "/do/message", headers={**red.headers, "content-type": kind}, content=b"{}"
        )
        assert answer.status_code == 415
    long = {"to": ["facilitator"], "text": "x" * BODY_LIMIT}
    assert red.do("message", long).status_code == 413


def test_the_same_key_is_the_same_deed(red: Person, facilitator: Facilitator, table: Table) -> None:
    facilitator.to("orders")
    march = {"orders": [{"move": "march"}]}
    first = red.do("submit", march, turn=1, key="k")
    events = table.revision
    assert first.status_code == 200
    assert red.do("submit", march, turn=1, key="k").json() == first.json()
    assert table.revision == events
    assert red.do("submit", {"orders": [{"move": "hold"}]}, turn=1, key="k").status_code == 409


def test_a_stale_tab_is_told_and_its_words_are_kept(
    red: Person, facilitator: Facilitator, table: Table
) -> None:
    facilitator.to("resolution")
    facilitator.to("orders")
    late = {"orders": [{"move": "march", "intent": "what I wrote"}]}
    answer = red.do("submit", late, turn=1)
    assert answer.status_code == 409
    assert "turn 2" in answer.json()["message"]
    assert table.drafts.of("red").lines[0].intent == "what I wrote"


def test_two_facilitators_cannot_both_turn_the_wheel(
    facilitator: Facilitator, client: TestClient, table: Table
) -> None:
    seen = table.revision_of("facilitator")
    other = Facilitator(client, table)
    assert facilitator.do("start", revision=seen).status_code == 200
    answer = other.do("start", revision=seen)
    assert answer.status_code == 409


def test_refusals_speak_the_language_of_who_asked(red: Person) -> None:
    answer = red.client.post("/do/submit?lang=ja", headers=red.headers, json={"turn": 1})
    assert "読み取れない" in answer.text


# ------------------------------------------------------------------------------ the nudge


def hello(person: Person, whose: str = "") -> str:
    return json.dumps({"pass": person.token, "whose": whose or person.role})


def test_a_socket_without_a_pass_is_shut(client: TestClient, red: Person) -> None:
    for word in ("", "[]", '{"pass": 1}', '{"pass": "x"}', hello(red, "seat:blue")):
        with client.websocket_connect(SOCKET, headers={"origin": HERE}) as socket:
            socket.send_text(word)
            with pytest.raises(WebSocketDisconnect) as shut:
                socket.receive_text()
            assert shut.value.code == AWAY
    with client.websocket_connect(SOCKET, headers={"origin": HERE}) as socket:
        socket.send_bytes(b"\x00")
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


def test_a_silent_socket_is_not_waited_for(table: Table, tmp_path: Path) -> None:
    app = create_app(table, [HERE], tmp_path / "another.key", read_seconds=0.05)
    with (
        TestClient(app, base_url=HERE, headers={"origin": HERE}) as client,
        client.websocket_connect(SOCKET, headers={"origin": HERE}) as socket,
        pytest.raises(WebSocketDisconnect) as shut,
    ):
        socket.receive_text()
    assert shut.value.code == AWAY


def test_sockets_have_a_limit_before_and_after_their_pass(
    client: TestClient, red: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {"origin": HERE}
    monkeypatch.setattr(web_app, "WAITING", 0)
    with (
        pytest.raises(WebSocketDisconnect) as shut,
        client.websocket_connect(SOCKET, headers=ours) as socket,
    ):
        socket.receive_text()
    monkeypatch.setattr(web_app, "WAITING", 1)
    monkeypatch.setattr(web_hub, "SOCKETS", 0)
    with client.websocket_connect(SOCKET, headers=ours) as socket:
        socket.send_text(hello(red))
        with pytest.raises(WebSocketDisconnect) as shut:
            socket.receive_text()
        assert shut.value.code == 1013


@pytest.mark.parametrize("origin", ["https://192.168.1.5:8022", "http://192.168.1.5:9", "null"])
def test_no_command_is_taken_from_a_foreign_page(
    facilitator: Facilitator, red: Person, table: Table, origin: str
) -> None:
    before = table.revision
    for person in (facilitator, red):
        for name in COMMANDS:
            headers = {**person.headers, "origin": origin}
            assert person.client.post(f"/do/{name}", headers=headers, json={}).status_code == 403
    assert table.revision == before


def test_a_full_disk_is_told_at_once_and_to_everybody(
    client: TestClient, red: Person, facilitator: Facilitator, monkeypatch: pytest.MonkeyPatch
) -> None:
    facilitator.to("orders")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with client.websocket_connect(SOCKET, headers={"origin": HERE}) as socket:
        socket.send_text(hello(facilitator))
        socket.receive_json()
        with monkeypatch.context() as patch:
            patch.setattr(log_module, "write_all", full)
            answer = red.do("submit", {"orders": [{"move": "march"}]}, turn=1)
        assert answer.status_code == 503
        assert answer.text == "The disk takes nothing more. This was not recorded.\n"
        socket.receive_json()  # the console's page is woken, though nothing was recorded
    for person in (red, facilitator):
        assert "The disk takes nothing more." in person.part().text


def test_a_nudge_says_that_something_changed_and_nothing_else(
    client: TestClient, red: Person, facilitator: Facilitator
) -> None:
    with client.websocket_connect(SOCKET, headers={"origin": HERE}) as socket:
        socket.send_text(hello(red))
        first = socket.receive_json()
        assert set(first) == {"revision"}
        facilitator.do("start")
        second = socket.receive_json()
        assert set(second) == {"revision"}
        assert second != first
        assert red.part().headers["x-revision"] == second["revision"]


def test_a_seat_is_not_nudged_when_another_orders(
    client: TestClient, red: Person, blue: Person, facilitator: Facilitator
) -> None:
    facilitator.to("orders")
    with client.websocket_connect(SOCKET, headers={"origin": HERE}) as socket:
        socket.send_text(hello(red))
        before = socket.receive_json()["revision"]
        blue.do("submit", {"orders": [{"move": "plot"}]}, turn=1)
        blue.do("message", {"to": ["facilitator"], "text": "psst"})
        assert red.part().headers["x-revision"] == before
        # The next nudge is the public one, and the first.
        facilitator.do("pause")
        after = socket.receive_json()["revision"]
        assert after == red.part().headers["x-revision"] != before


def test_what_others_do_is_not_waited_for_by_a_seats_page_nor_by_its_orders(
    client: TestClient, red: Person, blue: Person, facilitator: Facilitator
) -> None:
    """Nothing is drawn within a seat's request, so that its time tells nothing of the others."""
    facilitator.to("orders")
    before = red.part()
    house = client.app.app.state.house  # type: ignore[attr-defined]
    busy = threading.Event()
    pools = (house.drawing, house.guessing, house.counting)
    held = [pool.submit(busy.wait) for pool in pools for _ in range(2)]
    march = {"orders": [{"move": "march"}]}
    assert blue.do("submit", march, turn=1).status_code == 200
    during = client.get("/part/seat:red", headers=red.headers)
    assert (during.text, during.headers["x-revision"]) == (
        before.text,
        before.headers["x-revision"],
    )
    assert red.do("submit", march, turn=1).status_code == 200
    # What a role itself has done stands on its page, however long that takes to be drawn.
    with ThreadPoolExecutor(1) as asking:
        asked = asking.submit(client.get, "/part/seat:red", headers=red.headers)
        assert not wait([asked], timeout=0.3).done
        busy.set()
        own = asked.result()
    assert all(each.result() for each in held)
    assert own.headers["x-revision"] != before.headers["x-revision"]


def test_the_facilitator_chooses_the_address_of_the_qr_codes(table: Table, tmp_path: Path) -> None:
    other = "http://10.42.0.1:8022"
    app = create_app(table, [HERE, other], tmp_path / "game.key")
    with TestClient(app, base_url=HERE, headers={"origin": HERE}) as client:
        facilitator, red = (
            Person(client, table.codes[role]) for role in ("facilitator", "seat:red")
        )
        before = facilitator.part()
        assert f'<p class="link">{HERE}/join</p>' in before.text
        for person, link, status in (
            (red, other, 403),
            (facilitator, "http://evil.example", 400),
            (facilitator, None, 400),
            (facilitator, other, 200),
        ):
            answer = client.post("/link", headers=person.headers, json={"data": {"link": link}})
            assert answer.status_code == status
        after = facilitator.part()
        assert f'<p class="link">{other}/join</p>' in after.text
        assert after.headers["x-revision"] != before.headers["x-revision"]  # others' pages, too


def test_a_role_has_so_many_commands_a_minute(
    client: TestClient, red: Person, blue: Person, facilitator: Facilitator
) -> None:
    facilitator.to("orders")
    client.app.app.state.house.deeds._each = 3  # type: ignore[attr-defined]
    found = [red.do("draft", {"orders": []}, turn=1).status_code for _ in range(4)]
    assert found == [200, 200, 200, 429]
    assert blue.do("submit", {"orders": []}, turn=1).status_code == 200


def test_a_new_code_shuts_the_pages_of_the_old_one(
    client: TestClient, red: Person, facilitator: Facilitator
) -> None:
    with client.websocket_connect(SOCKET, headers={"origin": HERE}) as socket:
        socket.send_text(hello(red))
        socket.receive_json()
        facilitator.do("code", {"role": "seat:red"})
        with pytest.raises(WebSocketDisconnect) as shut:
            while True:
                socket.receive_json()
        assert shut.value.code == AWAY
