"""Starts programs: those that this process's own command line names, openssl, and ourselves.

A `Command` or an `Address` is made by `named`, from words that a person typed when this process
was started or that a script's own call gives, and by nobody else. What a log, a folder, a page or
a request says is never one.
"""

from __future__ import annotations

import atexit
import os
import re
import shlex
import signal
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from wargame.boundary.files import home
from wargame.errors import WargameError

__all__ = [
    "Address",
    "Command",
    "Named",
    "Process",
    "compiled",
    "end",
    "end_all",
    "exit_code",
    "has_ended",
    "named",
    "openssl",
    "ourselves",
    "started",
]


Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments, as somebody named it at the start of this process."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return shlex.join(self.words)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a program listens, as somebody named it at the start of this process."""

    url: str

    def __str__(self) -> str:
        return self.url


Named: TypeAlias = Command | Address
"""A program as a person named it: what to start, or where it listens."""


def named(text: str) -> Named:
    """The program that a person named: an http address, or a command.

    A command is split as a shell would, and ``~/`` means home; no shell ever sees it. Raises
    WargameError if it has no words, a quotation mark stands alone, or an address has no host or
    an impossible port.
    """
    if re.match(r"https?://", text, re.IGNORECASE):
        return _address(text)
    try:
        words = tuple(
            str(home(word)) if word.startswith("~/") else word for word in shlex.split(text)
        )
    except ValueError as error:
        raise WargameError(f"{text!r} is no command: {error}") from None
    if not words:
        raise WargameError(f"{text!r} is no command: it has no words")
    return Command(words)


def _address(text: str) -> Address:
    try:
        parts = urlsplit(text)
        usable = parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        usable = False
    if not usable or re.search(r"[^!-~]", text):
        raise WargameError(f"{text!r} is no address: write it as http://127.0.0.1:9000")
    return Address(text)


# ------------------------------------------------------------------------------ their lives

_running: weakref.WeakSet[Process] = weakref.WeakSet()


def started(command: Command) -> Process:
    """The program, with pipes to its standard input, output and error. Raises OSError, ValueError.

    It leads a process group of its own, so that what it starts ends with it (`end`). No pipe
    blocks: whoever reads and writes them waits for them with a deadline.
    """
    process = subprocess.Popen(
        command.words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    _running.add(process)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            os.set_blocking(pipe.fileno(), False)
    return process


def has_ended(process: Process) -> bool:
    """Whether a program has ended by itself; then what it started ends with it."""
    if process.returncode is None and process.poll() is not None:
        _end_group(process)
    return process.returncode is not None


def end(process: Process) -> None:
    """End a program and whatever it started in its group, and close the pipes to it."""
    if not has_ended(process):
        _end_group(process)
    process.wait()
    _running.discard(process)  # not before: two threads may end all, and the first may exit
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _end_group(process: Process) -> None:
    with suppress(OSError):  # nobody is left of it
        os.killpg(process.pid, signal.SIGKILL)


@atexit.register
def end_all() -> None:
    """End every program that this process has started and not ended yet."""
    for process in tuple(_running):
        end(process)


# ------------------------------------------------------------------------------ our own


def ourselves(
    code: str, *words: str, descriptors: Sequence[int] = (), env: Mapping[str, str] | None = None
) -> Process:
    """This Python with a program text of our own, away from the terminal. Raises OSError.

    descriptors: what it inherits of this process's open files. env: laid over the environment.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *words],
        pass_fds=tuple(descriptors),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
        # Ctrl-C in a terminal is for the command to answer, not for its workers.
        start_new_session=True,
    )


def exit_code(process: Process, patience: float) -> int:
    """Of a process of ours that is to end by itself; killed where it has not in so many seconds."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    process.kill()
    return process.wait()


def openssl(*words: str) -> subprocess.CompletedProcess[str]:
    """What openssl answered; files that it makes are its owner's alone.

    Raises FileNotFoundError where it is not installed.
    """
    return subprocess.run(["openssl", *words], capture_output=True, text=True, umask=0o077)


def compiled(command: str, words: Sequence[str], to: Path) -> str:
    """Have a C compiler make a file, which is there whole or not at all; "" or why it is not.

    command: the compiler, which may bring options of its own. Only an installation calls one, to
    make the native machine from this package's own source.
    """
    part = to.with_suffix(".part")
    try:
        done = subprocess.run(
            [*shlex.split(command), *words, "-o", str(part)], capture_output=True, text=True
        )
        if done.returncode == 0:
            part.replace(to)
            return ""
    except (OSError, ValueError) as error:
        return f"{command}: {getattr(error, 'strerror', None) or error}"
    part.unlink(missing_ok=True)
    return f"{command}: {done.stderr.strip()[:500]}"
