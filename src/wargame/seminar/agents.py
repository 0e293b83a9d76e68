"""Outside seats: any program may hold one. See docs/seats.md for what it is sent and answers.

A program is reached as ``http://127.0.0.1:9000`` (a POST for each turn) or as a command such as
``python3 mine.py`` (one line of JSON in, one line out, for as long as it lives). What it answers
is checked like anybody's order; a bad or late answer leaves the turn to the actor's rules.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from wargame.boundary.foreign import Malformed, dumps, value
from wargame.boundary.programs import Process, named, started
from wargame.errors import OrderError, WargameError

PROTOCOL = 1
LONGEST_ANSWER = 64 * 1024  # bytes
PATIENCE = 20.0  # seconds

Letter = dict[str, Any]
Answered = Callable[[Mapping[str, Any] | str], None]


class Silence(Exception):
    """Why a program gave no usable answer."""


class Program(Protocol):
    """Something that can be asked."""

    def ask(self, letter: Letter, patience: float) -> Any:
        """The JSON that it answers. Raises Silence."""

    def close(self) -> None:
        """Let go of it."""


# ------------------------------------------------------------------------------ reaching one


class Posted:
    """A program behind an address: the letter is POSTed, the body of the answer is the order."""

    def __init__(self, address: str) -> None:
        self.address = address
        # Neither a proxy nor a redirect may send a seat's secrets elsewhere.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def ask(self, letter: Letter, patience: float) -> Any:
        body = dumps(letter, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        request = urllib.request.Request(self.address, body, headers, method="POST")
        try:
            with self._opener.open(request, timeout=patience) as answer:
                return _read(answer.read(LONGEST_ANSWER + 1))
        except (OSError, ValueError) as error:
            raise Silence(f"no answer: {error}") from None

    def close(self) -> None:
        pass


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Piped:
    """A program that reads a line and writes a line. It is started when it is first asked."""

    def __init__(self, command: str) -> None:
        self.command = command
        self._process: Process | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def ask(self, letter: Letter, patience: float) -> Any:
        process = self._started()
        line = dumps(letter, ensure_ascii=False).encode() + b"\n"
        # A program that does not read would block the writing for ever; killing it ends that.
        threading.Thread(target=_write, args=(process, line), daemon=True).start()
        try:
            answer = self._lines.get(timeout=patience)
        except queue.Empty:
            self.close()  # a late line must not be taken for the answer to the next letter
            raise Silence(f"no answer in {patience:g} s") from None
        if not answer:
            self.close()
            raise Silence("the program has ended")
        return _read(answer)

    def _started(self) -> Process:
        if self._process is None or self._process.poll() is not None:
            try:
                process = started(named(self.command))
            except (OSError, ValueError, WargameError) as error:
                raise Silence(f"it cannot be started: {error}") from None
            self._process, self._lines = process, queue.SimpleQueue()
            threading.Thread(target=_reading, args=(process, self._lines), daemon=True).start()
        return self._process

    def close(self) -> None:
        # Taken first: whoever asks and whoever ends the game may close at the same moment.
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what a program that has gone never read
                    if pipe is not None:
                        pipe.close()


def _write(process: Process, line: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):  # whoever waits for the answer will hear
        process.stdin.write(line)
        process.stdin.flush()


def _reading(process: Process, lines: queue.SimpleQueue[bytes]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(OSError, ValueError):  # it was closed while this was reading
        while line := process.stdout.readline(LONGEST_ANSWER + 1):
            lines.put(line)
    lines.put(b"")


def _read(answer: bytes) -> Any:
    if len(answer) > LONGEST_ANSWER:
        raise Silence(f"the answer is longer than {LONGEST_ANSWER} bytes")
    try:
        return value(answer)
    except Malformed:
        raise Silence("the answer is not JSON") from None


def reach(where: str) -> Program:
    """The program at an address or behind a command."""
    return Posted(where) if where.startswith(("http://", "https://")) else Piped(where)


def letter(seen: Mapping[str, Any]) -> Letter:
    """What a program is sent: its seat's view."""
    return {"protocol": PROTOCOL, **seen}


# ------------------------------------------------------------------------------ at a table


class Caller:
    """Asks the outside programs of a table, each in a thread of its own: nobody waits for them."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._programs: dict[str, Program] = {}
        self._asking: dict[tuple[str, int], threading.Thread] = {}

    def ask(self, where: str, sent: Letter, answered: Answered) -> None:
        """Ask a program for its orders; `answered` is told what it says, or why it says nothing.

        A program that has not yet answered about this turn is not asked again.
        """
        key = (sent["actor"], sent["turn"])
        if (asking := self._asking.get(key)) is not None and asking.is_alive():
            return
        program = self._programs.setdefault(f"{sent['actor']} {where}", reach(where))

        def run() -> None:
            try:
                said = program.ask(sent, self.patience)
                answered(said if isinstance(said, dict) else "the answer is no JSON object")
            except Silence as silence:
                answered(str(silence))

        thread = self._asking[key] = threading.Thread(target=run, daemon=True)
        thread.start()

    def wait(self) -> None:
        """Until everybody who was asked has answered or failed to."""
        for thread in tuple(self._asking.values()):
            thread.join()

    def close(self) -> None:
        """End the programs that were started."""
        for program in self._programs.values():
            program.close()


# ------------------------------------------------------------------------------ who sits where


def parse_seats(entries: Sequence[str]) -> dict[str, str]:
    """``["china=http://127.0.0.1:9000", ...]`` as {actor: address or command}.

    Raises OrderError.
    """
    found = {}
    for entry in entries:
        actor, equals, where = (part.strip() for part in entry.partition("="))
        if not (actor and equals and where):
            raise OrderError(f"{entry!r} names no seat: write it as china=http://127.0.0.1:9000")
        if actor in found:
            raise OrderError(f"two programs are named for {actor}")
        found[actor] = where
    return found
