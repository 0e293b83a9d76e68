"""Seats held by programs: what they are sent, what becomes of good and of bad answers."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from leading import RED, lead, open_orders

from wargame.errors import OrderError
from wargame.log import LogWriter, canonical
from wargame.replay import verify
from wargame.seminar.agents import Caller, Piped, Silence, parse_seats, reach
from wargame.seminar.refused import Refused
from wargame.seminar.table import Table
from wargame.seminar.umpire import UNNAMED
from wargame.seminar.view import view

TOP = Path(__file__).resolve().parents[2]
PLOT = '{"orders": [{"move": "plot", "intent": "They will not notice"}]}'

Program = Callable[[str], str]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Writes a program that answers every line with this; returns its command."""

    def written(answer: str) -> str:
        path = tmp_path / f"program-{len(list(tmp_path.iterdir()))}.py"
        path.write_text(f"import sys\nfor line in sys.stdin:\n    {answer}\n", encoding="utf-8")
        return f"{sys.executable} -u {path}"

    return written


@pytest.fixture
def posted() -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """A server that takes letters: its address, what it was sent, and what it answers."""
    letters: list[Any] = []
    said: dict[str, Any] = {"status": 200, "body": PLOT, "headers": {}}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            letters.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(said["status"])
            for name, value in said["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said["body"].encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", letters, said
    server.shutdown()
    thread.join()
    server.server_close()


def answered(seat: Any, where: str, patience: float = 60.0) -> tuple[Table, Any]:
    """A game in which a program holds green, after it was asked; and green's sheet."""
    caller = Caller(patience)
    table = seat(seats={"red": "human"}, programs={"green": where}, ask=caller)
    open_orders(table)
    caller.wait()
    return table, table.state.sheets["green"]


def test_a_program_orders_like_anybody(seat: Any, program: Program) -> None:
    table, sheet = answered(seat, program(f"print('''{PLOT}''')"))
    assert (sheet.how, sheet.lines[0].move) == ("agent", "plot")
    lead(table, "lock")
    lead(table, "commit")
    order = table.board.position.events[0].orders["green"][0]
    assert (order.move, order.by, str(order.intent)) == ("plot", "script", "They will not notice")
    table.close()
    assert verify(table.path).identical


def test_a_program_is_sent_its_seats_view(seat: Any, posted: Any) -> None:
    address, letters, _ = posted
    table, sheet = answered(seat, address)
    assert sheet.lines[0].move == "plot"
    (letter,) = letters
    seen = view(table, "seat:green")
    assert letter["protocol"] == 1
    for key in ("actor", "brief", "know", "moves", "ladders", "turn"):
        assert letter[key] == seen[key]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("print('march!')", "not JSON"),
        ("print('[1]')", "no JSON object"),
        ('print(\'{"orders": [{"move": "marsh"}]}\')', "marsh"),
        ('print(\'{"orders": [{"move": "parley"}]}\')', "parley"),
        ('print(\'{"orders": [{"move": "hold"}], "luck": 6}\')', "luck"),
        ("print('9' * 70000)", "longer"),
        ("sys.exit()", "ended"),
    ],
)
def test_a_bad_answer_leaves_the_turn_to_the_rules(
    seat: Any, program: Program, answer: str, why: str
) -> None:
    table, sheet = answered(seat, program(answer))
    assert (sheet.how, sheet.lines) == ("rules", ())
    assert why in sheet.why
    lead(table, "lock")
    lead(table, "commit")
    assert {o.by for o in table.board.position.events[0].orders["green"]} == {"rule"}


def test_a_program_that_says_nothing_is_not_waited_for(seat: Any, program: Program) -> None:
    caller = Caller(60)
    table = seat(seats={"red": "human"}, programs={"green": program("pass")}, ask=caller)
    open_orders(table)
    lead(table, "lock")
    assert table.state.sheets["green"].how == "rules"
    assert table.state.sheets["green"].why == "no answer in time"


def test_patience_ends(program: Program) -> None:
    silent = Piped(program("pass"))
    with pytest.raises(Silence, match="no answer"):
        silent.ask({}, patience=0.01)
    assert silent._process is None


def test_a_program_that_does_not_read_holds_nobody_up() -> None:
    deaf = Piped(f'{sys.executable} -c "import threading; threading.Event().wait()"')
    with pytest.raises(Silence):
        deaf.ask({"long": "x" * 10**6}, patience=0.01)


@pytest.mark.parametrize("where", ["no-such-program-anywhere", "http://127.0.0.1:9"])
def test_a_program_that_is_not_there(where: str) -> None:
    with pytest.raises(Silence):
        reach(where).ask({}, patience=5)


def test_a_redirect_is_not_followed(posted: Any) -> None:
    address, letters, said = posted
    said.update(status=302, headers={"Location": address + "/elsewhere"})
    with pytest.raises(Silence, match="302"):
        reach(address).ask({"actor": "green"}, patience=60)
    assert len(letters) == 1


def test_a_reopened_turn_asks_again(seat: Any, posted: Any) -> None:
    address, letters, _ = posted
    table, _ = answered(seat, address)
    submitted = next(e.seq for e in table.events if e.kind == "submit")
    lead(table, "undo", {"event": submitted, "reason": "think again"})
    table._ask.wait()
    assert len(letters) == 2
    assert table.state.sheets["green"].lines[0].move == "plot"


def test_nobody_sees_where_a_program_lives(seat: Any, posted: Any) -> None:
    address, _, _ = posted
    table, _ = answered(seat, address)
    for role in (RED, "projector", "facilitator"):
        seen = view(table, role)
        assert "127.0.0.1" not in json.dumps(seen)
        assert {s["actor"]: s["holder"] for s in seen["seats"]}["green"] == "agent"
    assert "127.0.0.1" not in table.path.read_text(encoding="utf-8")


# ------------------------------------------------------------------ data never becomes a command


def foreign_log(seat: Any, holder: str) -> Path:
    """The log of a game, as a stranger may have written it: its holder of green is this."""
    table = seat("made.jsonl", programs={"green": "true"})
    header, events = table.board.header.to_data(), table.events
    table.close()
    path: Path = table.path.with_name("foreign.jsonl")
    with contextlib.closing(LogWriter.create(path, header)) as writer:
        for event in events:
            data = json.loads(canonical(event.data))
            data["seats"]["green"]["holder"] = holder
            writer.append(event.kind, data)
            # Once more by an event of its own, as a facilitator's page used to write it.
            writer.append("holder", {"seat": "green", "holder": holder, "meta": data["meta"]})
    return path


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("where", ["command", "address"])
def test_what_a_log_names_is_never_run_nor_reached(
    seat: Any, posted: Any, program: Program, tmp_path: Path, where: str, again: bool
) -> None:
    address, letters, _ = posted
    marker = tmp_path / "it-ran"
    command = f"{sys.executable} -c \"open('{marker}', 'w')\""
    log = foreign_log(seat, "agent:" + {"command": command, "address": address}[where])
    caller = Caller(60)
    named = {"green": program(f"print('''{PLOT}''')")} if again else {}
    table = Table.open(log, programs=named, ask=caller)
    lead(table, "start")
    lead(table, "resume")
    lead(table, "open_orders")
    caller.wait()
    sheet = table.state.sheets["green"]
    # What plays instead says so; a program that is named anew is the one that is asked.
    assert (sheet.how, sheet.why) == (("agent", "") if again else ("rules", UNNAMED))
    assert table.state.seats["green"].holder == "agent"
    table.close()
    assert not marker.exists() and not letters


def test_a_console_seats_only_programs_that_were_named_at_the_start(seat: Any, posted: Any) -> None:
    address, letters, _ = posted
    table = seat(programs={"green": address}, ask=Caller(60))
    before = table.revision
    for holder in (f"agent:{address}", "agent:true", "true", address, "agent "):
        with pytest.raises(Refused) as refused:
            lead(table, "holder", {"seat": "red", "holder": holder})
        assert refused.value.status == 400
    with pytest.raises(Refused, match="--seat red="):
        lead(table, "holder", {"seat": "red", "holder": "agent"})
    assert table.revision == before and not letters
    lead(table, "holder", {"seat": "green", "holder": "rules"})
    lead(table, "holder", {"seat": "green", "holder": "agent"})
    open_orders(table)
    table._ask.wait()
    assert table.state.sheets["green"].how == "agent" and len(letters) == 1


def test_the_example_of_the_documentation_plays(seat: Any) -> None:
    example = TOP / "docs" / "examples" / "agent.py"
    _, sheet = answered(seat, f"{sys.executable} {example}")
    assert (sheet.how, sheet.lines[0].move) == ("agent", "hold")


def test_seats_on_the_command_line() -> None:
    found = parse_seats(["china=http://127.0.0.1:9000", "india=python3 mine.py --x=1"])
    assert found == {"china": "http://127.0.0.1:9000", "india": "python3 mine.py --x=1"}
    for wrong in (["china"], ["china=a", "china=b"]):
        with pytest.raises(OrderError):
            parse_seats(wrong)
