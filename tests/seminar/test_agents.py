"""Seats held by programs: what they are sent, what becomes of good and of bad answers."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from leading import RED, lead, open_orders

from wargame.boundary.programs import Address, Command, named
from wargame.errors import OrderError, WargameError
from wargame.replay.log_file import LogWriter, canonical
from wargame.replay.replay import verify
from wargame.seats.errors import Refused
from wargame.seats.programs import LONGEST_ANSWER, Caller, Silence, parse_seats, reach
from wargame.seminar.table import Table
from wargame.seminar.umpire import UNNAMED
from wargame.seminar.view import view
from wargame.seminar.web.certificate import kept

TOP = Path(__file__).resolve().parents[2]
PLOT = {"orders": [{"move": "plot", "intent": "They will not notice"}]}
SAY_PLOT = f"say(**{PLOT})"

PROGRAM = """import json, os, sys, threading

def say(**order):
    print(json.dumps({"run": seen["run"], "turn": seen["turn"], **order}), flush=True)

BEFORE
for line in sys.stdin:
    seen = json.loads(line)
    ANSWER
"""

Program = Callable[..., str]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Writes a program that does this for every letter, and that before; returns its command."""

    def written(answer: str, before: str = "") -> str:
        path = tmp_path / f"program-{len(list(tmp_path.iterdir()))}.py"
        text = PROGRAM.replace("BEFORE", before).replace("ANSWER", answer)
        path.write_text(text, encoding="utf-8")
        return f"{sys.executable} -u {path}"

    return written


@pytest.fixture
def posted() -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """A server that takes letters: its address, what it was sent, and what it answers."""
    letters: list[Any] = []
    said: dict[str, Any] = {"status": 200, "order": PLOT, "headers": {}}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            letters.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(said["status"])
            for name, value in said["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            echo = {name: letters[-1][name] for name in ("run", "turn")}
            self.wfile.write(json.dumps({**echo, **said["order"]}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", letters, said
    server.shutdown()
    thread.join()
    server.server_close()


def letter(turn: int = 1, run: int = 0) -> dict[str, Any]:
    """As much of a letter as it takes to be answered."""
    return {"actor": "green", "run": run, "turn": turn}


def answered(seat: Any, where: str, patience: float = 60.0) -> tuple[Table, Any]:
    """A game in which a program holds green, after it was asked; and green's sheet."""
    caller = Caller(patience)
    table = seat(seats={"red": "human"}, programs={"green": named(where)}, ask=caller)
    open_orders(table)
    caller.wait()
    return table, table.state.sheets["green"]


def test_a_program_orders_like_anybody(seat: Any, program: Program) -> None:
    table, sheet = answered(seat, program(SAY_PLOT))
    assert (sheet.how, sheet.lines[0].move) == ("agent", "plot")
    lead(table, "lock")
    lead(table, "commit")
    order = table.board.position.events[0].orders["green"][0]
    assert (order.move, order.by, str(order.intent)) == ("plot", "program", "They will not notice")
    table.close()
    assert verify(table.path).identical


def test_a_program_is_sent_its_seats_view(seat: Any, posted: Any) -> None:
    address, letters, _ = posted
    table, sheet = answered(seat, address)
    assert sheet.lines[0].move == "plot"
    (sent,) = letters
    seen = view(table, "seat:green")
    assert (sent["protocol"], sent["run"]) == (2, 0)
    for key in ("actor", "brief", "know", "moves", "ladders", "turn"):
        assert sent[key] == seen[key]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("print('march!')", "not JSON"),
        ("print('[1]')", "no JSON object"),
        ("print('{}')", 'repeat the letter\'s "run": 0, "turn": 1'),
        ("say(turn=2, orders=[])", '"turn": 1'),
        ("say(run=True, orders=[])", '"run": 0'),
        ("say(orders=[{'move': 'marsh'}])", "marsh"),
        ("say(orders=[{'move': 'parley'}])", "parley"),
        ("say(orders=[{'move': 'hold'}], luck=6)", "luck"),
        ("say(orders=float('nan'))", "NaN is no number"),
        ("print('9' * 70000)", "longer"),
        ("print('[' * 60000)", "nested too deeply"),
        ("sys.stdout.buffer.write(bytes([255, 10]))", "not UTF-8"),
        ("sys.exit()", "ended"),
        ("sys.exit('there is no key')", "ended; it said: there is no key"),
        ("sys.stderr.write(chr(27) + '[2J' + chr(10)); sys.exit(1)", "it said:  [2J"),
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
    silent = {"green": named(program("pass"))}
    table = seat(seats={"red": "human"}, programs=silent, ask=caller)
    open_orders(table)
    lead(table, "lock")
    assert table.state.sheets["green"].how == "rules"
    assert table.state.sheets["green"].why == "no answer in time"


# ------------------------------------------------------------------------------ by pipe

ENDLESS = """
while True:
    sys.{}.write('x' * 1000)"""


@pytest.mark.parametrize(
    ("before", "patience", "why"),
    [
        ("threading.Event().wait()", 0.3, "no answer in 0.3 s"),
        ("while True: print(end=chr(10))", 0.3, "no answer in 0.3 s"),
        ("while True: print(end='x', flush=True); threading.Event().wait(0.01)", 0.3, "0.3 s"),
        (ENDLESS.format("stderr"), 0.3, "no answer in 0.3 s"),
        (ENDLESS.format("stdout"), 60, "longer"),
        ("os.close(1); threading.Event().wait()", 60, "has ended"),
        ("print('Loading the model')", 60, "not JSON"),
    ],
    ids=["mute", "blank lines", "drip", "flood of errors", "flood", "closed", "stray first line"],
)
def test_a_program_holds_nobody_up(
    program: Program, before: str, patience: float, why: str
) -> None:
    """Whatever it writes and does not read, and twice: a fresh one is asked the second time."""
    with contextlib.closing(reach(named(program(SAY_PLOT, before)))) as asked:
        for turn in (1, 2):
            with pytest.raises(Silence, match=why):
                asked.ask(letter(turn) | {"long": "x" * 10**6}, patience)


def test_it_may_write_what_it_likes_to_standard_error(
    program: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    loud = program(f"sys.stderr.write('x' * 10**6); {SAY_PLOT}")
    with contextlib.closing(reach(named(loud))) as asked:
        assert [asked.ask(letter(turn), patience=60) for turn in (1, 2)] == [PLOT, PLOT]
    assert capfd.readouterr() == ("", "")


MARKED = "say(of=[seen['run'], seen['turn']])"


@pytest.mark.parametrize(
    ("before", "answer", "usable"),
    [
        ("", f"{MARKED}; {MARKED}", True),
        ("", f"say(turn=seen['turn'] + 1, of=[9, 9]); {MARKED}", False),
        ("", f"{MARKED}; print('thinking')", True),
        ("print('Loading the model')", MARKED, False),
    ],
    ids=["twice", "a turn ahead", "a line behind", "a line before"],
)
def test_no_line_passes_for_the_answer_to_another_letter(
    program: Program, before: str, answer: str, usable: bool
) -> None:
    """One line too many must not make every later answer count a turn, or a run, too late."""
    found = []
    with contextlib.closing(reach(named(program(answer, before)))) as asked:
        for run in (0, 1):
            for turn in (1, 2, 3):
                with contextlib.suppress(Silence):
                    found.append((asked.ask(letter(turn, run), patience=60)["of"], [run, turn]))
    assert bool(found) == usable
    assert all(of == due for of, due in found)


def test_the_same_turn_is_asked_of_a_fresh_program(program: Program) -> None:
    """After an undo the first answer, come twice, would fit the second letter as well."""
    count = program("n += 1; say(n=n)", before="n = 0")
    with contextlib.closing(reach(named(count))) as asked:
        found = [asked.ask(letter(turn), patience=60)["n"] for turn in (1, 2, 2, 3)]
    assert found == [1, 2, 1, 2]


def test_it_dies_in_the_midst_of_a_game_and_the_next_letter_finds_another(
    program: Program,
) -> None:
    mortal = program(f"if seen['turn'] == 2: os._exit(3)\n    {SAY_PLOT}")
    with contextlib.closing(reach(named(mortal))) as asked:
        assert asked.ask(letter(1), patience=60) == PLOT
        with pytest.raises(Silence, match="ended"):
            asked.ask(letter(2), patience=60)
        assert asked.ask(letter(3), patience=60) == PLOT


@pytest.mark.parametrize("ends", ["os._exit(0)", "pass"], ids=["by itself", "at the end"])
def test_what_a_program_started_ends_with_it(program: Program, tmp_path: Path, ends: str) -> None:
    """A child that holds the pipes of a program that is gone is neither waited for nor left."""
    lock = tmp_path / "lock"
    forks = f"""
import fcntl
held = open({str(lock)!r}, 'w')
fcntl.flock(held, fcntl.LOCK_EX)
if os.fork() == 0:
    threading.Event().wait()
held.close()"""
    forking = reach(named(program(f"say(); {ends}", before=forks)))
    assert forking.ask(letter(1), patience=60) == {}
    if ends != "pass":
        with contextlib.suppress(Silence):  # whether or not the next letter still finds it
            forking.ask(letter(2), patience=60)
    forking.close()
    with lock.open("w") as free:
        fcntl.flock(free, fcntl.LOCK_EX)  # only the child's death lets go of it


def test_an_earlier_turn_is_broken_off_for_a_later_one(seat: Any, program: Program) -> None:
    slow = program(f"if seen['turn'] == 1: threading.Event().wait()\n    {SAY_PLOT}")
    caller, heard = Caller(60), []
    for turn in (1, 2):
        caller.ask(named(slow), letter(turn), heard.append)
    caller.wait()
    caller.close()
    assert heard[-1] == PLOT


# ------------------------------------------------------------------------------ by http


def whole(line: socket.socket) -> None:
    """Reads a letter to its end: who hangs up before would break the connection."""
    received = b""
    while not received.endswith(b"}\n"):
        received += line.recv(65536)


@pytest.fixture
def raw() -> Iterator[Callable[..., str]]:
    """Serves one connection after another by a function that is given its socket; the address."""
    stop, threads = threading.Event(), []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)

    def serving(answer: Callable[[socket.socket], Any], waits: bool = True) -> str:
        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    line, _ = listening.accept()
                    with line:
                        if waits:
                            whole(line)
                        answer(line)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield serving
    stop.set()
    for thread in threads:
        thread.join()
    listening.close()


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = b"Content-Encoding: gzip\r\n\r\n"


def for_ever(first: bytes, then: bytes) -> Callable[[socket.socket], None]:
    """Sends one thing and then another, until the other side has had enough."""

    def send(line: socket.socket) -> None:
        line.sendall(first)
        while True:
            line.sendall(then)
            if len(then) < 100:
                threading.Event().wait(0.01)

    return send


@pytest.mark.parametrize(
    ("answer", "patience", "why"),
    [
        (lambda line: line.recv(1), 0.3, "no answer in 0.3 s"),
        (for_ever(OK + b"\r\n", b" "), 0.3, "no answer in 0.3 s"),
        (for_ever(OK, b"x"), 0.3, "no answer in 0.3 s"),
        (for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 9), 0.3, "no answer in 0.3 s"),
        (for_ever(OK, b"X: 1\r\n" * 99), 60, "no answer: got more than 100 headers"),
        (for_ever(OK + b"\r\n", b"x" * 9999), 60, "longer"),
        (for_ever(OK + CHUNKED, b"9\r\nxxxxxxxxx\r\n" * 99), 60, "longer"),
        (lambda line: line.sendall(OK + b"Content-Length: 99\r\n\r\n{"), 60, "no answer|not JSON"),
        (lambda line: line.sendall(OK + GZIP + gzip.compress(b"9" * 10**6)), 60, "not UTF-8"),
        (lambda line: line.sendall(b"\x1b[2J\r\n\r\n"), 60, "no answer"),
        (lambda line: None, 60, "no answer"),
    ],
    ids=[
        "mute", "drip", "slow headers", "endless continue", "many headers", "endless body",
        "endless chunks", "half a body", "gzip", "no http", "hangs up",
    ],
)  # fmt: skip
def test_a_server_holds_nobody_up(raw: Any, answer: Any, patience: float, why: str) -> None:
    with pytest.raises(Silence, match=why) as silence:
        reach(named(raw(answer))).ask(letter(), patience)
    assert str(silence.value).isprintable()


def test_a_server_with_a_certificate_is_trusted_as_the_system_says(
    raw: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = kept(tmp_path, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    order = json.dumps({"run": 0, "turn": 1, **PLOT}).encode()

    def answer(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as safe:
            whole(safe)
            safe.sendall(OK + b"\r\n" + order)

    address = raw(answer, waits=False).replace("http:", "https:")
    with pytest.raises(Silence, match=r"no answer: .*(certificate|CERTIFICATE)"):
        reach(named(address)).ask(letter(), patience=60)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert reach(named(address)).ask(letter(), patience=60) == PLOT


@pytest.mark.parametrize("status", [302, 307, 401, 500])
def test_only_a_plain_answer_counts(posted: Any, status: int) -> None:
    """A redirect is not followed: a seat's secrets go where they were meant to go."""
    address, letters, said = posted
    said.update(status=status, headers={"Location": address + "/elsewhere"})
    with pytest.raises(Silence, match=str(status)):
        reach(named(address)).ask(letter(), patience=60)
    assert len(letters) == 1


def test_an_answer_by_http_repeats_the_letters_run_and_turn(posted: Any) -> None:
    address, _, said = posted
    asked = reach(named(address + "/play?as=green"))
    assert asked.ask(letter(4, run=7), patience=60) == PLOT
    said["order"] = {**PLOT, "run": 6}
    with pytest.raises(Silence, match='"run": 7, "turn": 4'):
        asked.ask(letter(4, run=7), patience=60)
    said["order"] = {"orders": "x" * LONGEST_ANSWER}
    with pytest.raises(Silence, match="longer"):
        asked.ask(letter(), patience=60)


@pytest.mark.parametrize("where", ["no-such-program-anywhere", "http://127.0.0.1:9"])
def test_a_program_that_is_not_there(where: str) -> None:
    with pytest.raises(Silence):
        reach(named(where)).ask(letter(), patience=5)


# ------------------------------------------------------------------------------ at a table


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
    table = seat("made.jsonl", programs={"green": named("true")})
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
    anew = {"green": named(program(SAY_PLOT))} if again else {}
    table = Table.open(log, programs=anew, ask=caller)
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
    table = seat(programs={"green": named(address)}, ask=Caller(60))
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
    found = parse_seats(["china=http://127.0.0.1:9000", "india=python3 'my agent.py' --x=1"])
    assert found == {
        "china": Address("http://127.0.0.1:9000"),
        "india": Command(("python3", "my agent.py", "--x=1")),
    }
    for wrong in (["china"], ["china=a", "china=b"], ["china='"], ["china=http://"]):
        with pytest.raises(OrderError):
            parse_seats(wrong)
    for no_host in ("http://", "http://:80", "https://a b", "http://a:99999", "http://me:pw@a/"):
        with pytest.raises(WargameError, match="is no address"):
            named(no_host)
