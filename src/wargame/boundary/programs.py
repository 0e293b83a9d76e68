"""Starts programs: those that this process's own command line names, openssl, and ourselves.

A `Command` is made by `named`, from words that a person typed when this process was started, and
by nobody else. What a log, a folder, a page or a request says is never one.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wargame.boundary.files import home
from wargame.errors import WargameError

__all__ = ["Command", "Process", "named", "openssl", "ourselves", "started"]

Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments, as somebody named it at the start of this process."""

    words: tuple[str, ...]


def named(text: str) -> Command:
    """The command that a person named, split as a shell would, which never sees it itself.

    Raises WargameError if it has no words or a quotation mark stands alone.
    """
    try:
        words = tuple(
            str(home(word)) if word.startswith("~/") else word for word in shlex.split(text)
        )
    except ValueError as error:
        raise WargameError(f"{text!r} is no command: {error}") from None
    if not words:
        raise WargameError(f"{text!r} is no command: it has no words")
    return Command(words)


def started(command: Command) -> Process:
    """The program, with pipes to its standard input and from its output. Raises OSError.

    It leads a process group of its own, so that what it starts ends with it.
    """
    return subprocess.Popen(
        command.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )


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


def openssl(*words: str) -> subprocess.CompletedProcess[str]:
    """What openssl answered; files that it makes are its owner's alone.

    Raises FileNotFoundError where it is not installed.
    """
    return subprocess.run(["openssl", *words], capture_output=True, text=True, umask=0o077)
