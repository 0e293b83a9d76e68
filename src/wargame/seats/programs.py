"""Outside seats: any program may hold one. See docs/seats.md for what it is sent and answers.

A program is reached as ``http://127.0.0.1:9000`` (a POST for each turn) or as a command such as
``python3 mine.py`` (one line of JSON in, one line out, for as long as it lives). What it answers
is checked like anybody's order; a bad or late answer leaves the turn to the actor's rules.

Programs come from the command line of this process, or from a script's own call: a log, a folder
or a page says at most that a program sat somewhere.
"""

from __future__ import annotations

import http.client
import io
import os
import queue
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from wargame.boundary import foreign, programs
from wargame.boundary.programs import Address, Command, Named, Process
from wargame.errors import OrderError, WargameError

PROTOCOL = 2
LONGEST_ANSWER = 64 * 1024  # bytes
PATIENCE = 20.0  # seconds, from the letter to the end of the answer

_GLANCE = 0.1  # seconds after which it is noticed that a program ended, though its pipe is held
_LAST_WORDS = 2048  # bytes of standard error that are kept

Letter = dict[str, Any]
Answered = Callable[[Mapping[str, Any] | str], None]


class Silence(Exception):
    """Why a program gave no usable answer, in one line of plain text."""

    def __init__(self, why: str) -> None:
        super().__init__("".join(c if c.isprintable() else " " for c in why)[:400])


class Program(Protocol):
    """Something that can be asked."""

    def ask(self, letter: Letter, patience: float) -> Any:
        """The order that it answers, an object of JSON. Raises Silence."""

    def close(self) -> None:
        """Let go of it."""


def letter(seen: Mapping[str, Any]) -> Letter:
    """What a program is sent: its seat's view. A game that has no other runs is run 0."""
    return {"protocol": PROTOCOL, "run": 0, **seen}


def reach(program: Named) -> Program:
    """The program at an address or behind a command."""
    return Posted(program) if isinstance(program, Address) else Piped(program)


def _line(sent: Letter) -> bytes:
    return foreign.dumps(sent, ensure_ascii=False).encode() + b"\n"


def _order(answer: bytes, sent: Letter) -> Any:
    """What an answer orders. Raises Silence, also for one that belongs to another letter."""
    if len(answer) > LONGEST_ANSWER:
        raise Silence(f"the answer is longer than {LONGEST_ANSWER} bytes")
    try:
        said = foreign.value(answer, "the answer")
    except foreign.Malformed as fault:
        raise Silence(str(fault)) from None
    if not isinstance(said, dict):
        raise Silence("the answer is no JSON object")
    echo = {name: said.pop(name, None) for name in ("run", "turn")}
    if any(type(echo[name]) is not int or echo[name] != sent[name] for name in echo):
        raise Silence(
            f'the answer does not repeat the letter\'s "run": {sent["run"]}, '
            f'"turn": {sent["turn"]} (protocol {PROTOCOL})'
        )
    return said


def _plainly(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _late(patience: float) -> Silence:
    return Silence(f"no answer in {patience:g} s")


# ------------------------------------------------------------------------------ by http


class Posted:
    """A program behind an address: the letter is POSTed, the body of the answer is the order.

    Neither a proxy nor a redirect may send a seat's secrets elsewhere.
    """

    def __init__(self, address: Address) -> None:
        self._url = address.url

    def ask(self, letter: Letter, patience: float) -> Any:
        found: queue.SimpleQueue[bytes | Silence] = queue.SimpleQueue()
        deadline = time.monotonic() + patience

        def post() -> None:
            try:
                found.put(self._answer(_line(letter), deadline))
            except TimeoutError:
                found.put(_late(patience))
            except (OSError, http.client.HTTPException, ValueError) as error:
                found.put(Silence(f"no answer: {_plainly(error)}"))
            except Silence as silence:
                found.put(silence)

        # In a thread, because looking up a name knows no deadline.
        threading.Thread(target=post, daemon=True).start()
        try:
            answer = found.get(timeout=patience)
        except queue.Empty:
            raise _late(patience) from None
        if isinstance(answer, Silence):
            raise answer
        return _order(answer, letter)

    def _answer(self, body: bytes, deadline: float) -> bytes:
        url = urlsplit(self._url)
        host, secure = url.hostname or "", url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(host, url.port)
        line = socket.create_connection((host, connection.port), _left(deadline))
        if secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
        with line:
            connection.sock = _Line(line, deadline)
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            headers = {"Content-Type": "application/json; charset=utf-8"}
            connection.request("POST", target, body, headers)
            with connection.getresponse() as answer:
                if answer.status // 100 != 2:
                    raise Silence(f"no answer: HTTP {answer.status} {answer.reason}")
                return answer.read(LONGEST_ANSWER + 1)

    def close(self) -> None:
        pass


class _Line(io.RawIOBase):
    """A connection, as `http.client` uses it, whose waits all end at one deadline."""

    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line, self._deadline = line, deadline

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(_left(self._deadline))
        return self._line.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        self._line.settimeout(_left(self._deadline))
        self._line.sendall(data)

    def close(self) -> None:
        """Not yet: `http.client` lets go of a connection before it has read the answer."""


def _left(deadline: float) -> float:
    """Seconds until then. Raises TimeoutError when it is over."""
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError
    return left


# ------------------------------------------------------------------------------ by pipe


class Piped:
    """A program that reads a line and writes a line. It is started when it is first asked.

    Whatever goes wrong ends it, with all that it started; the next letter goes to a fresh one. So
    no line that comes late can be taken for the answer to another letter.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self._process: Process | None = None
        self._asking = threading.Lock()  # one letter at a time
        self._heard = bytearray()  # of its standard output, what nobody has used yet
        self._last_words = b""  # of its standard error
        self._last: tuple[Any, Any] | None = None
        self._over = False

    def ask(self, letter: Letter, patience: float) -> Any:
        with self._asking:
            asked = letter["run"], letter["turn"]
            try:
                if asked == self._last:  # a second answer to the first letter would pass for this
                    self._end()
                self._last = asked
                return _order(self._answer(_line(letter), patience), letter)
            except Silence as silence:
                self._end()
                raise Silence(f"{silence}{self._said_last()}") from None
            except BaseException:  # Ctrl-C, in the midst of an answer
                self._end()
                raise

    def close(self) -> None:
        """End the program for good, and break off what it is being asked."""
        self._over = True
        with self._asking:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            programs.end(process)

    def _said_last(self) -> str:
        lines = self._last_words.decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"; it said: {last[:200]}" if last else ""

    def _answer(self, line: bytes, patience: float) -> bytes:
        """The next line that it writes once it was sent one. Raises Silence."""
        deadline = time.monotonic() + patience
        process = self._running()
        rest = memoryview(line)
        with selectors.DefaultSelector() as pipes:
            pipes.register(_pipe(process.stdin), selectors.EVENT_WRITE)
            pipes.register(_pipe(process.stdout), selectors.EVENT_READ)
            pipes.register(_pipe(process.stderr), selectors.EVENT_READ)
            while True:
                if (left := deadline - time.monotonic()) <= 0:
                    raise _late(patience)
                if self._over:
                    raise Silence("it was not waited for any longer")
                ended = programs.has_ended(process)
                for key, _ in pipes.select(0 if ended else min(left, _GLANCE)):
                    if key.fileobj is process.stdin:
                        rest = rest[_written(process.stdin, rest) :]
                        more = bool(rest)
                    elif key.fileobj is process.stdout:
                        more = self._hear(process)
                        ended = ended or not more
                    else:
                        more = self._overhear(process)
                    if not more:
                        pipes.unregister(key.fileobj)
                self._heard = self._heard.lstrip()
                answer, newline, after = self._heard.partition(b"\n")
                if newline or len(answer) > LONGEST_ANSWER:
                    self._heard = after
                    return bytes(answer)
                if ended and not self._hear(process):
                    self._overhear(process)
                    raise Silence("the program has ended")

    def _running(self) -> Process:
        """The program, started if need be. Raises Silence."""
        if self._over:
            raise Silence("it was not waited for any longer")
        process = self._process
        if process is not None and programs.has_ended(process):
            self._end()
        elif process is not None:
            self._hear(process)
            if self._heard.strip():
                raise Silence("it wrote a line that nobody had asked for")
            return process
        self._heard, self._last_words = bytearray(), b""
        try:
            self._process = programs.started(self._command)
        except (OSError, ValueError) as error:
            what = self._command.words[0]
            raise Silence(f"{what} cannot be started: {_plainly(error)}") from None
        return self._process

    def _hear(self, process: Process) -> bool:
        """Take in some of what it has written; False at the end of it, or if nothing is there."""
        data = _read(process.stdout)
        self._heard += data
        return bool(data)

    def _overhear(self, process: Process) -> bool:
        """The same of its standard error, of which only the last words are kept."""
        data = _read(process.stderr)
        self._last_words = (self._last_words + data)[-_LAST_WORDS:]
        return bool(data)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _read(pipe: IO[bytes] | None) -> bytes:
    try:
        return os.read(_pipe(pipe).fileno(), LONGEST_ANSWER)
    except BlockingIOError:
        return b""


def _written(pipe: IO[bytes] | None, data: memoryview) -> int:
    """How many bytes it has taken; all of them, where nobody reads any more."""
    try:
        return os.write(_pipe(pipe).fileno(), data)
    except BlockingIOError:
        return 0
    except OSError:  # whoever waits for the answer will hear
        return len(data)


# ------------------------------------------------------------------------------ at a table


class Caller:
    """Asks the outside programs of a table, each in a thread of its own: nobody waits for them."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._programs: dict[str, Program] = {}
        self._asking: dict[str, tuple[int, threading.Thread]] = {}

    def ask(self, named: Named, sent: Letter, answered: Answered) -> None:
        """Ask a program for its orders; `answered` is told what it says, or why it says nothing.

        A program that has not yet answered about this turn is not asked again; one that is still
        busy with another turn is ended first.
        """
        actor, turn = sent["actor"], sent["turn"]
        program = self._programs.get(actor)
        if actor in self._asking and self._asking[actor][1].is_alive():
            if self._asking[actor][0] == turn:
                return
            if program is not None:
                program.close()
            program = None
        if program is None:
            program = self._programs[actor] = reach(named)

        def run(program: Program = program) -> None:
            try:
                answered(program.ask(sent, self.patience))
            except Silence as silence:
                answered(str(silence))

        thread = threading.Thread(target=run, daemon=True)
        self._asking[actor] = turn, thread
        thread.start()

    def wait(self) -> None:
        """Until everybody who was asked has answered or failed to."""
        for _, thread in tuple(self._asking.values()):
            thread.join()

    def close(self) -> None:
        """End the programs that were started."""
        for program in self._programs.values():
            program.close()


# ------------------------------------------------------------------------------ who sits where


def parse_seats(entries: Sequence[str]) -> dict[str, Named]:
    """``["china=http://127.0.0.1:9000", ...]``, of a command line, as {actor: program}.

    Raises OrderError.
    """
    found: dict[str, Named] = {}
    for entry in entries:
        actor, equals, where = (part.strip() for part in entry.partition("="))
        if not (actor and equals and where):
            raise OrderError(f"{entry!r} names no seat: write it as china=http://127.0.0.1:9000")
        if actor in found:
            raise OrderError(f"two programs are named for {actor}")
        try:
            found[actor] = programs.named(where)
        except WargameError as error:
            raise OrderError(f"--seat {actor}: {error}") from None
    return found
