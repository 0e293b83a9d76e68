"""Turn logs on disk: a header, then one line for each thing that happened.

A log is JSON Lines in UTF-8.  Every line is one record::

    {"seq":7,"kind":"order","data":{...},"prev":"<64 hex>","sum":"<64 hex>"}

=======  ===================================================================================
seq      0 for the header, then 1, 2, 3 ... without a gap
kind     what sort of record it is; the header's kind names the format: ``wargame-log-1``
data     the record itself, in canonical JSON (sorted keys, no spaces, finite numbers)
prev     SHA-256 of the line before, without its newline; zeros for the header
sum      SHA-256 of this line up to ``,"sum"``
=======  ===================================================================================

``prev`` chains the lines, so that none can be taken out, doubled or moved; ``sum`` seals each
line by itself, so that damage to the last one is found too.  This protects against accidents and
careless edits, not against somebody who writes the whole file anew.

A record is *acknowledged* when :meth:`LogWriter.append` returns: it has then been written and
fsynced.  A log is never rewritten.  What a crash left half written at its end is copied to
``<name>.torn-N`` before the log goes on; it was never acknowledged.

This module knows nothing of the engine: to it a kind is a word and data is a dict.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from wargame.boundary.files import append_to, create_private, sync_folder, write_all
from wargame.boundary.foreign import Malformed, dumps, value
from wargame.errors import ReplayError, StoreError, WargameError

__all__ = ["FORMAT", "MAX_LINE", "Event", "Log", "LogWriter", "canonical", "read_log"]

FORMAT = 1
"""The format that is written; this and every older one is read."""

MAX_LINE = 16 * 1024 * 1024
"""The longest line in bytes.  A header holds a whole scenario; nothing honest is longer."""

_NOTHING_BEFORE = "0" * 64
_HEADER_BEGINS = b'{"seq":0,"kind":"wargame-log-'
_HEADER_KIND = re.compile(r"wargame-log-([1-9][0-9]{0,8})")

StrPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Event:
    """One record after the header."""

    seq: int
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Log:
    """What a file holds: its header, its events in order, and a word on a torn end, if any."""

    header: dict[str, Any]
    events: tuple[Event, ...] = ()
    torn: str | None = None


Upgrader = Callable[[Log], Log]

UPGRADERS: Mapping[int, Upgrader] = {}
"""For each older format, a pure function from a log in it to the same log in the next one."""


def canonical(data: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, characters as they are.

    Raises TypeError for what JSON has no form for, ValueError for NaN and the infinities.
    """
    return dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read_log(path: StrPath) -> Log:
    """Read a log and check every line of it; a torn end is left out and reported in ``torn``.

    Raises ReplayError, naming the line, when anything before that end is not as it was written.
    """
    with _open_log(path) as fd:
        return _read(path, fd).upgraded()


class LogWriter:
    """The one writer of a log; made by :meth:`create` or :meth:`open`.

    A second writer of the same file is refused for as long as this one is open, and by the
    operating system: the lock goes when the process does, however it ends.

    After a failed write or fsync the writer stops for good.  What reached the disk is unknown
    then, and a second fsync that succeeds would prove nothing; open the log again, which reads
    back what is there.
    """

    def __init__(self, path: StrPath, fd: int, found: Log, last: str) -> None:
        self.path = Path(path)
        self.found = found
        """What the file held when it was opened; ``found.torn`` says where a torn end went."""
        self.seq = len(found.events)
        """The number of the last acknowledged record; 0 is the header."""
        self._fd = fd
        self._last = last
        self._stopped = ""
        self._one_at_a_time = threading.Lock()

    @classmethod
    def create(cls, path: StrPath, header: dict[str, Any]) -> LogWriter:
        """Begin a new log with this header, on disk when this returns.

        Raises StoreError if the file exists or cannot be written, or the header is no JSON.
        """
        line = _line(path, 0, f"wargame-log-{FORMAT}", header, _NOTHING_BEFORE)
        with _telling(path, "cannot be created"):
            try:
                fd = create_private(path)
            except FileExistsError:
                raise StoreError(f"{path}: exists already; a log is never overwritten") from None
            try:
                _lock(path, fd)
                write_all(fd, line + b"\n")
                os.fsync(fd)
                sync_folder(path)
            except BaseException:
                # Nothing was acknowledged, and half a header must not look like a log.
                os.close(fd)
                os.unlink(path)
                raise
        return cls(path, fd, Log(header), _hash(line))

    @classmethod
    def open(cls, path: StrPath) -> LogWriter:
        """Go on with a log; a torn end is first set aside in a file of its own.

        Raises ReplayError if the log is damaged, StoreError if another writer has it, if it was
        written in an older format, or if it cannot be written.
        """
        with _open_log(path, append=True) as fd:
            _lock(path, fd)
            read = _read(path, fd)
            if read.format != FORMAT:
                raise StoreError(
                    f"{path}: has log format {read.format}, which is read but not continued; "
                    "fork it into a new log"
                )
            log = read.log
            with _telling(path, "cannot be continued"):
                if read.tail:
                    aside = _set_aside(path, read.tail)
                    os.ftruncate(fd, read.end)
                    log = Log(log.header, log.events, f"{log.torn}; set aside in {aside}")
                # A line that a killed writer had not yet fsynced is about to be built upon.
                os.fsync(fd)
            return cls(path, fd, log, read.last)

    def append(self, kind: str, data: dict[str, Any]) -> int:
        """Write one record; when its sequence number is returned, it is on disk.

        Raises StoreError: with nothing written if the record is no JSON or too long, and for
        good once the disk has failed.
        """
        with self._one_at_a_time:
            if self._stopped:
                raise StoreError(f"{self.path}: nothing more is written; {self._stopped}")
            line = _line(self.path, self.seq + 1, kind, data, self._last)
            # Any way out but the good one, Ctrl-C included, may leave half a line behind.
            self._stopped = "an earlier write did not finish; open the log again"
            with _telling(self.path, "cannot be written"):
                write_all(self._fd, line + b"\n")
                os.fsync(self._fd)
            self._stopped = ""
            self.seq += 1
            self._last = _hash(line)
            return self.seq

    @property
    def stopped(self) -> str:
        """Why nothing more is written, until the log is opened anew; "" while all is well."""
        return self._stopped

    def close(self) -> None:
        """Let go of the file and of its lock."""
        with self._one_at_a_time:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1
            self._stopped = "the log is closed"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self.close()


# ------------------------------------------------------------------------------ one line


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _encode(seq: int, kind: str, data: dict[str, Any], prev: str) -> bytes:
    body = f'{{"seq":{seq},"kind":{canonical(kind)},"data":{canonical(data)},"prev":"{prev}"'
    encoded = body.encode()
    return encoded + f',"sum":"{_hash(encoded)}"}}'.encode()


def _line(path: StrPath, seq: int, kind: str, data: dict[str, Any], prev: str) -> bytes:
    """The line of a new record, without its newline; StoreError if there can be none."""
    if seq and _HEADER_KIND.fullmatch(kind):
        raise StoreError(f"{path}: {kind!r} is the kind of a header")
    try:
        line = _encode(seq, kind, data, prev)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"{path}: this {kind} record cannot be written: {error}") from error
    if len(line) >= MAX_LINE:
        raise StoreError(
            f"{path}: this {kind} record is {len(line):,} bytes long; {MAX_LINE:,} are allowed"
        )
    return line


class _Damage(Exception):
    """Why a line is not one that was written here."""


def _decode(line: bytes) -> tuple[int, str, dict[str, Any], str]:
    """The sequence number, kind, data and ``prev`` of a line that is whole in itself."""
    if line.endswith(b"\r"):
        raise _Damage(
            "has CRLF line ends: a program has rewritten the file; "
            "convert it with tr -d '\\r' < OLD > NEW"
        )
    try:
        record = value(line)
    except Malformed:
        raise _Damage("damaged: it is not JSON") from None
    match record:
        case {"seq": int(seq), "kind": str(kind), "data": dict(data), "prev": str(prev)}:
            pass
        case _:
            raise _Damage("damaged: it is not a log record")
    # A line is good when it is, to the byte, what would be written for what was read from it.
    # This also finds doubled keys, NaN, spaces and every other way of saying the same.
    try:
        unharmed = line == _encode(seq, kind, data, prev)
    except (ValueError, RecursionError):
        unharmed = False
    if not unharmed:
        raise _Damage("damaged: it does not match its checksum")
    return seq, kind, data, prev


def _format_of(line: bytes) -> int:
    """The format that a first line declares, however the rest of that format may look."""
    if line.startswith(b"\xef\xbb\xbf"):
        raise _Damage("begins with a byte order mark, so a text editor has rewritten the file")
    if line.startswith(_HEADER_BEGINS) and not line.endswith(b"\n"):
        raise _Damage("incomplete: the writer was stopped while it created the log")
    try:
        record = value(line)
    except Malformed:
        raise _Damage("damaged, or the file is no turn log: it is not JSON") from None
    kind = record.get("kind") if isinstance(record, dict) else None
    declared = _HEADER_KIND.fullmatch(kind) if isinstance(kind, str) else None
    if not declared:
        raise _Damage("damaged, or the file is no turn log: it does not begin with a log header")
    return int(declared[1])


# ------------------------------------------------------------------------------ a whole file


@dataclass(frozen=True)
class _Read:
    """A file as it was read: the log in its own format, and where and how its good part ends."""

    format: int
    log: Log
    last: str
    end: int
    tail: bytes

    def upgraded(self) -> Log:
        log = self.log
        for older in range(self.format, FORMAT):
            log = UPGRADERS[older](log)
        return log


def _read(path: StrPath, fd: int) -> _Read:
    number = 1
    try:
        reading = _telling(path, "cannot be read", ReplayError)
        with reading, open(fd, "rb", closefd=False) as file:
            first = file.readline(MAX_LINE + 1)
            if not first:
                raise ReplayError(f"{path}: is empty, not a turn log")
            version = _format_of(first)
            if version > FORMAT:
                raise ReplayError(
                    f"{path}: was written by a newer version of this program (log format "
                    f"{version}; this version reads up to {FORMAT})"
                )
            seq, _, header, prev = _decode(first.removesuffix(b"\n"))
            if seq or prev != _NOTHING_BEFORE:
                raise _Damage("damaged: a header has number 0 and follows on nothing")
            last, end, tail = _hash(first[:-1]), len(first), b""
            events: list[Event] = []
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if not line.endswith(b"\n"):
                    tail = line
                    break
                events.append(_event(line[:-1], number, last))
                last, end = _hash(line[:-1]), end + len(line)
            if tail:
                _check_tail(tail, number, last)
    except _Damage as damage:
        raise ReplayError(f"{path}, line {number}: {damage}") from None
    torn = f"line {number} is incomplete ({len(tail):,} bytes) and was left out" if tail else None
    return _Read(version, Log(header, tuple(events), torn), last, end, tail)


def _event(line: bytes, number: int, last: str) -> Event:
    seq, kind, data, prev = _decode(line)
    if _HEADER_KIND.fullmatch(kind):
        raise _Damage("a second log begins here; were two files joined?")
    if seq != number - 1:
        missing = "repeated" if seq < number - 1 else "missing"
        raise _Damage(f"its number is {seq} where {number - 1} is due: lines are {missing}")
    if prev != last:
        raise _Damage("does not follow on the line before it; one of the two is from elsewhere")
    return Event(seq, kind, data)


def _check_tail(tail: bytes, number: int, last: str) -> None:
    """Tell damage from a torn end: a write that was cut short never has more than its line."""
    if len(tail) > MAX_LINE:
        raise _Damage(f"longer than the {MAX_LINE:,} bytes a line may have")
    try:
        _event(tail[:-1], number, last)
    except _Damage:
        return
    raise _Damage("damaged: its newline has become another character")


# ------------------------------------------------------------------------------ the disk


@contextmanager
def _telling(path: StrPath, what: str, fault: type[WargameError] = StoreError) -> Iterator[None]:
    """Turn an error of the operating system into one line."""
    try:
        yield
    except OSError as error:
        raise fault(f"{path}: {what}: {error.strerror or error}") from error


@contextmanager
def _open_log(path: StrPath, *, append: bool = False) -> Iterator[int]:
    """An open log; closed at the end, or with ``append`` only if something went wrong."""
    with _telling(path, "cannot be opened", ReplayError):
        # Without O_NONBLOCK a named pipe would wait here for somebody to write into it.
        fd = append_to(path) if append else os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ReplayError(f"{path}: is not a regular file, so not a turn log")
        yield fd
    except BaseException:
        os.close(fd)
        raise
    if not append:
        os.close(fd)


def _lock(path: StrPath, fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StoreError(f"{path}: is being written by somebody else") from None


def _set_aside(path: StrPath, tail: bytes) -> Path:
    """Keep a torn end in the first free ``<name>.torn-N``, on disk when this returns."""
    number = 1
    while True:
        aside = Path(f"{os.fspath(path)}.torn-{number}")
        try:
            fd = create_private(aside)
            break
        except FileExistsError:
            number += 1
    try:
        write_all(fd, tail)
        os.fsync(fd)
    finally:
        os.close(fd)
    sync_folder(aside)
    return aside
