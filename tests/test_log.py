"""Turn logs: what was acknowledged is there, and whatever is not as it was written is found."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wargame.boundary import files
from wargame.errors import ReplayError, StoreError
from wargame.replay import log_file as log_module
from wargame.replay.log_file import MAX_LINE, Event, Log, LogWriter, canonical, read_log

HEADER = {"scenario": {"id": "cuba", "title": {"en": "Cuba", "ja": "キューバ"}}, "seed": 7}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "game.jsonl"


def written(path: Path, *turns: int) -> Path:
    with LogWriter.create(path, HEADER) as log:
        for turn in turns:
            log.append("turn", {"turn": turn, "digest": f"{turn:08x}"})
    return path


def told(path: Path) -> str:
    """The one line with which a log is refused."""
    with pytest.raises(ReplayError) as refusal:
        read_log(path)
    line = str(refusal.value)
    assert "\n" not in line and line.startswith(str(path))
    return line.removeprefix(str(path)).removeprefix(", ").removeprefix(": ")


# ------------------------------------------------------------------------------ the format


def test_what_is_written_is_read_back(path: Path) -> None:
    with LogWriter.create(path, HEADER) as log:
        assert log.append("order", {"actor": "usa", "move": "private_warning"}) == 1
        assert log.append("turn", {"digest": "ab", "about": "改行\nと  行区切り"}) == 2
    assert read_log(path) == Log(
        HEADER,
        (
            Event(1, "order", {"actor": "usa", "move": "private_warning"}),
            Event(2, "turn", {"digest": "ab", "about": "改行\nと  行区切り"}),
        ),
    )


def test_the_chain_can_be_checked_with_a_shell_and_no_knowledge_of_this_program(path: Path) -> None:
    lines = written(path, 1, 2, 3).read_bytes().splitlines()
    before = "0" * 64
    for number, line in enumerate(lines):
        record = json.loads(line)
        assert list(record) == ["seq", "kind", "data", "prev", "sum"]
        assert record["seq"] == number
        assert record["prev"] == before
        assert record["sum"] == sha256(line[: line.rindex(b',"sum"')]).hexdigest()
        before = sha256(line).hexdigest()


def test_the_bytes_of_a_log_do_not_change_unnoticed(path: Path) -> None:
    written(path, 1)
    assert (
        path.read_bytes()
        .splitlines()[0]
        .startswith(
            b'{"seq":0,"kind":"wargame-log-1","data":{"scenario":{"id":"cuba","title":{"en":"Cuba",'
        )
    )
    assert sha256(path.read_bytes()).hexdigest() == (
        "4b573158c643e8f938d2e053c73333d6a97c5b107b4a57a454827ac6226af3ea"
    )


def test_a_header_alone_is_a_log(path: Path) -> None:
    assert read_log(written(path)) == Log(HEADER)


def test_a_log_goes_on_where_it_stopped(path: Path) -> None:
    written(path, 1, 2)
    with LogWriter.open(path) as log:
        assert log.found == read_log(path)
        assert log.append("turn", {"turn": 3, "digest": f"{3:08x}"}) == 3
    whole = written(path.with_name("at-once.jsonl"), 1, 2, 3)
    assert path.read_bytes() == whole.read_bytes()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(data=st.dictionaries(st.text(), json_values))
def test_canonical_text_is_a_fixed_point(data: dict[str, Any]) -> None:
    text = canonical(data)
    assert json.loads(text) == data
    assert canonical(json.loads(text)) == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"share": float("nan")}, "JSON compliant"),
        ({"share": [1, {"deep": float("inf")}]}, "JSON compliant"),
        ({"when": object()}, "not JSON serializable"),
        ({"name": "\ud800"}, "surrogates"),
        ({"big": 10**5000}, "digits"),
    ],
)
def test_what_json_cannot_say_is_refused_and_the_log_goes_on(
    path: Path, data: dict[str, Any], reason: str
) -> None:
    with LogWriter.create(path, HEADER) as log:
        with pytest.raises(StoreError, match=reason):
            log.append("order", data)
        assert log.append("order", {}) == 1
    assert [event.data for event in read_log(path).events] == [{}]
    with pytest.raises(StoreError, match=reason):
        LogWriter.create(path.with_name("other.jsonl"), data)
    assert not path.with_name("other.jsonl").exists()


def test_data_of_bottomless_depth_is_refused(path: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"in": deep}
    with (
        LogWriter.create(path, HEADER) as log,
        pytest.raises(StoreError, match="cannot be written"),
    ):
        log.append("order", deep)


def test_a_line_has_a_longest_length(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MAX_LINE", 1000)
    with LogWriter.create(path, HEADER) as log:
        with pytest.raises(StoreError, match="bytes long; 1,000 are allowed"):
            log.append("order", {"note": "x" * 1000})
        log.append("order", {"note": "x" * 500})
    assert len(read_log(path).events) == 1


def test_a_header_kind_is_no_kind_of_event(path: Path) -> None:
    with LogWriter.create(path, HEADER) as log, pytest.raises(StoreError, match="kind of a header"):
        log.append("wargame-log-1", {})


# ------------------------------------------------------------------------------ damage


def test_every_flipped_bit_is_found(path: Path) -> None:
    good = written(path, 1, 2).read_bytes()
    for position in range(len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[position] ^= 1 << bit
            path.write_bytes(bad)
            with pytest.raises(ReplayError):
                read_log(path)


def test_every_cut_leaves_the_whole_lines_before_it_or_is_refused(path: Path) -> None:
    good = written(path, 1, 2).read_bytes()
    whole = read_log(path)
    ends = [place + 1 for place, byte in enumerate(good) if byte == ord("\n")]
    for length in range(len(good) + 1):
        path.write_bytes(good[:length])
        if length < ends[0]:
            told(path)
            continue
        read = read_log(path)
        lines = sum(end <= length for end in ends)
        assert read.events == whole.events[: lines - 1]
        assert (read.torn is None) == (length in ends)


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


Mangle = Callable[[list[bytes]], list[bytes]]


def newer(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b"wargame-log-1", b"wargame-log-2"), *lines[1:]]


@pytest.mark.parametrize(
    ("mangle", "reason"),
    [
        (lambda ls: [], "is empty, not a turn log"),
        (
            lambda ls: [ls[0], ls[2], ls[3]],
            "line 2: its number is 2 where 1 is due: lines are miss",
        ),
        (
            lambda ls: [*ls[:3], ls[2], ls[3]],
            "line 4: its number is 2 where 3 is due: lines are re",
        ),
        (lambda ls: [ls[0], ls[2], ls[1], ls[3]], "line 2: its number is 2 where 1"),
        (lambda ls: ls[1:], "line 1: damaged, or the file is no turn log: it does not begin with"),
        (lambda ls: [*ls, *ls], "line 5: a second log begins here"),
        (lambda ls: [b"\xef\xbb\xbf", *ls], "line 1: begins with a byte order mark"),
        (
            lambda ls: [line.replace(b"\n", b"\r\n") for line in ls],
            "line 1: has CRLF line ends: a program has rewritten the file",
        ),
        (lambda ls: [*ls[:2], b"\n", *ls[2:]], "line 3: damaged: it is not JSON"),
        (lambda ls: [*ls[:2], b"[]\n", *ls[2:]], "line 3: damaged: it is not a log record"),
        (lambda ls: [*ls[:2], b"[" * 100_000 + b"\n"], "line 3: damaged: it is not JSON"),
        (lambda ls: [*ls[:2], b"9" * 5000 + b"\n"], "line 3: damaged: it is not JSON"),
        (lambda ls: [*ls[:2], "テ".encode("utf-16"), b"\n"], "line 3: damaged: it is not JSON"),
        (lambda ls: [*ls[:3], ls[3][:40], b"\n"], "line 4: damaged: it is not JSON"),
        (lambda ls: [*ls[:3], ls[3][:-1] + b"\x0b"], "line 4: damaged: its newline has become"),
        (
            lambda ls: [*ls[:2], ls[2].replace(b'"turn":2', b'"turn": 2')],
            "line 3: damaged: it does",
        ),
        (lambda ls: [ls[0][:50]], "line 1: incomplete: the writer was stopped while it created"),
        (newer, "was written by a newer version of this program (log format 2; this version reads"),
        (lambda ls: [b"PAR1\x00\xff\xfe"], "line 1: damaged, or the file is no turn log"),
        (lambda ls: [b'{"seed": 7}\n'], "line 1: damaged, or the file is no turn log"),
    ],
)
def test_each_kind_of_damage_is_told_in_one_line(path: Path, mangle: Mangle, reason: str) -> None:
    mangled = b"".join(mangle(lines_of(written(path, 1, 2, 3))))
    path.write_bytes(mangled)
    assert told(path).startswith(reason)
    with pytest.raises(ReplayError):
        LogWriter.open(path)
    assert path.read_bytes() == mangled, "a damaged log was changed"
    assert os.listdir(path.parent) == [path.name]


def sealed(seq: int, data: str, prev: str) -> bytes:
    """A line with a true checksum over any text, as another program might write it."""
    body = f'{{"seq":{seq},"kind":"turn","data":{data},"prev":"{prev}"'.encode()
    return body + f',"sum":"{sha256(body).hexdigest()}"}}\n'.encode()


@pytest.mark.parametrize(
    "data", ['{"x":NaN}', '{"x":1e999}', '{"x":1,"x":2}', '{"b":1,"a":2}', '{"x":1.0e0}', "[]"]
)
def test_a_good_checksum_does_not_excuse_what_is_not_canonical(path: Path, data: str) -> None:
    header = written(path).read_bytes()
    path.write_bytes(header + sealed(1, data, sha256(header[:-1]).hexdigest()))
    assert told(path).startswith("line 2: damaged")


def test_a_line_from_another_log_is_found_by_the_chain(path: Path) -> None:
    mine = lines_of(written(path, 1, 2))
    other = lines_of(written(path.with_name("other.jsonl"), 9, 8))
    path.write_bytes(b"".join([mine[0], mine[1], other[2]]))
    assert told(path).startswith("line 3: does not follow on the line before it")


def test_an_endless_line_is_not_read_to_its_end(path: Path) -> None:
    written(path, 1)
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + MAX_LINE * 64)  # a sparse gigabyte of zeros
    assert told(path).startswith("line 3: longer than the 16,777,216 bytes")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert told(tmp_path / "nowhere.jsonl") == "cannot be opened: No such file or directory"
    assert told(tmp_path) == "is not a regular file, so not a turn log"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert told(fifo) == "is not a regular file, so not a turn log"
    for path in (tmp_path / "nowhere.jsonl", tmp_path, fifo):
        with pytest.raises(ReplayError):
            LogWriter.open(path)


# ------------------------------------------------------------------------------ torn ends


def test_a_torn_end_is_set_aside_and_never_deleted(path: Path) -> None:
    good = written(path, 1, 2).read_bytes()
    for number, tail in enumerate([b'{"seq":3,"kind":"tu', b"\x00" * 5000], start=1):
        path.write_bytes(good + tail)
        torn = read_log(path).torn
        assert torn == f"line 4 is incomplete ({len(tail):,} bytes) and was left out"
        with LogWriter.open(path) as log:
            aside = path.with_name(f"game.jsonl.torn-{number}")
            assert log.found.torn == f"{torn}; set aside in {aside}"
            assert aside.read_bytes() == tail
            assert log.append("turn", {"turn": 3}) == 3
        assert read_log(path).torn is None
        assert path.read_bytes().startswith(good)


def test_a_line_that_lacks_only_its_newline_was_not_acknowledged(path: Path) -> None:
    whole = written(path, 1, 2).read_bytes()
    path.write_bytes(whole[:-1])
    assert len(read_log(path).events) == 1
    with LogWriter.open(path) as log:
        assert log.append("turn", {"turn": 2, "digest": f"{2:08x}"}) == 2
    assert path.read_bytes() == whole


class Game(RuleBasedStateMachine):
    """Any mixture of writing, closing, crashing and continuing keeps what was acknowledged."""

    path: Path
    writer: LogWriter | None

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "game.jsonl"
        self.writer = LogWriter.create(self.path, HEADER)
        self.acknowledged: list[dict[str, Any]] = []

    @precondition(lambda self: self.writer)
    @rule(note=st.text(max_size=30))
    def append(self, note: str) -> None:
        assert self.writer
        assert self.writer.append("note", {"note": note}) == len(self.acknowledged) + 1
        self.acknowledged.append({"note": note})

    @precondition(lambda self: self.writer)
    @rule()
    def second_writer(self) -> None:
        with pytest.raises(StoreError, match="written by somebody else"):
            LogWriter.open(self.path)

    @precondition(lambda self: self.writer)
    @rule()
    def close(self) -> None:
        assert self.writer
        self.writer.close()
        self.writer = None

    @precondition(lambda self: self.writer is None)
    @rule(tail=st.binary(min_size=1, max_size=20).filter(lambda tail: b"\n" not in tail))
    def crash(self, tail: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(tail)

    @precondition(lambda self: self.writer is None)
    @rule()
    def open(self) -> None:
        self.writer = LogWriter.open(self.path)

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        assert [event.data for event in read_log(self.path).events] == self.acknowledged

    def teardown(self) -> None:
        if self.writer:
            self.writer.close()
        self.folder.cleanup()


Game.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestGame = Game.TestCase


# ------------------------------------------------------------------------------ one writer


def test_an_existing_file_is_never_overwritten(path: Path) -> None:
    path.write_text("my holiday notes")
    with pytest.raises(StoreError, match="exists already"):
        LogWriter.create(path, HEADER)
    assert path.read_text() == "my holiday notes"


def test_the_lock_goes_with_the_process_that_had_it(path: Path) -> None:
    written(path, 1)
    holder = """
import sys
from wargame.replay.log_file import LogWriter
log = LogWriter.open(sys.argv[1])
print("mine", flush=True)
sys.stdin.read()
"""
    with python(holder, path) as process:
        assert process.stdout and process.stdout.readline() == b"mine\n"
        with pytest.raises(StoreError, match="is being written by somebody else"):
            LogWriter.open(path)
        assert len(read_log(path).events) == 1, "readers are free"
        process.kill()
        process.wait()
        LogWriter.open(path).close()


def test_a_closed_log_takes_no_more(path: Path) -> None:
    log = LogWriter.create(path, HEADER)
    log.close()
    log.close()
    with pytest.raises(StoreError, match="the log is closed"):
        log.append("turn", {})


# ------------------------------------------------------------------------------ formats


def test_an_older_log_is_upgraded_step_by_step_and_not_continued(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename_seed(log: Log) -> Log:
        return replace(log, header={"luck": log.header["seed"], "steps": [1]})

    def note_step(log: Log) -> Log:
        return replace(log, header={**log.header, "steps": [*log.header["steps"], 2]})

    before = written(path, 1).read_bytes()
    monkeypatch.setattr(log_module, "FORMAT", 3)
    monkeypatch.setattr(log_module, "UPGRADERS", {1: rename_seed, 2: note_step})
    read = read_log(path)
    assert read.header == {"luck": 7, "steps": [1, 2]}
    assert len(read.events) == 1
    with pytest.raises(StoreError, match="log format 1, which is read but not continued"):
        LogWriter.open(path)
    assert path.read_bytes() == before


# ------------------------------------------------------------------------------ faults


class FaultyOS:
    """The operating system, counting what a log asks of it and failing one request of those."""

    ASKED = ("open", "write", "fsync", "ftruncate")

    def __init__(self, fail_at: int, failure: Callable[..., Any]) -> None:
        self.asked_for: list[str] = []
        self.fail_at = fail_at
        self.failure = failure

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in self.ASKED:
            return real

        def asked(*arguments: Any) -> Any:
            self.asked_for.append(name)
            fails = len(self.asked_for) == self.fail_at
            return (self.failure if fails else real)(*arguments)

        return asked


def asks(patch: pytest.MonkeyPatch, system: object) -> None:
    """Let the log, and what writes its files, ask this system."""
    for module in (log_module, files):
        patch.setattr(module, "os", system)


def full_disk(*_: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken_disk(*_: Any) -> Any:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def interrupt(*_: Any) -> Any:
    raise KeyboardInterrupt


def half(fd: int, data: object = None, *_: Any) -> Any:
    """A write of which the disk takes a half before it fails; anything else just fails."""
    if isinstance(data, memoryview):
        os.write(fd, data[: len(data) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("failure", [full_disk, broken_disk, interrupt, half])
def test_whichever_request_to_the_disk_fails_nothing_acknowledged_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Callable[..., Any]
) -> None:
    """Fail the first request, then the second ... until a whole game needs no more."""
    fail_at = 0
    while True:
        fail_at += 1
        path = tmp_path / f"{fail_at}.jsonl"
        system = FaultyOS(fail_at, failure)
        acknowledged: list[int] = []

        def append(log: LogWriter, turn: int, into: list[int] = acknowledged) -> None:
            log.append("turn", {"turn": turn})
            into.append(turn)

        log: LogWriter | None = None
        with monkeypatch.context() as patch:
            asks(patch, system)
            try:
                log = LogWriter.create(path, HEADER)
                append(log, 1)
                append(log, 2)
                log.close()
                with path.open("ab") as file:
                    file.write(b'{"seq":3,"ki')
                log = LogWriter.open(path)
                append(log, 3)
            except (StoreError, ReplayError, KeyboardInterrupt):
                if log:
                    with pytest.raises(StoreError, match=r"did not finish|closed"):
                        log.append("turn", {"turn": 99})
        if log:
            log.close()
        if not path.exists():
            assert not acknowledged
            log = LogWriter.create(path, HEADER)
        else:
            log = LogWriter.open(path)
        # The last record may have been written and yet not acknowledged: that is no loss.
        found = [event.data["turn"] for event in log.found.events]
        assert found in (acknowledged, [*acknowledged, len(acknowledged) + 1])
        log.append("turn", {"turn": len(found) + 1})
        log.close()
        assert [e.data["turn"] for e in read_log(path).events] == [*range(1, len(found) + 2)]
        if len(system.asked_for) < fail_at:
            break
    assert fail_at > 15


def test_a_record_is_acknowledged_after_fsync_and_a_new_name_after_its_folders(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = FaultyOS(0, broken_disk)
    asks(monkeypatch, system)
    log = LogWriter.create(path, HEADER)
    folder = ["open", "fsync"]
    assert system.asked_for == ["open", "write", "fsync", *folder]
    system.asked_for.clear()
    log.append("turn", {})
    assert system.asked_for == ["write", "fsync"]
    log.close()
    with path.open("ab") as file:
        file.write(b"torn")
    system.asked_for.clear()
    LogWriter.open(path).close()
    aside = ["open", "write", "fsync", *folder]
    assert system.asked_for == ["open", *aside, "ftruncate", "fsync"]


def test_short_writes_are_carried_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sluggish:
        def __getattr__(self, name: str) -> Any:
            if name != "write":
                return getattr(os, name)
            return lambda fd, data: os.write(fd, bytes(data[:7]))

    asks(monkeypatch, Sluggish())
    assert len(read_log(written(path, 1, 2, 3)).events) == 3


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """A limit that the kernel sets on every file: a real short write, then a real refusal."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_stops_the_log_and_room_lets_it_go_on(path: Path) -> None:
    log = LogWriter.create(path, HEADER)
    acknowledged = 0
    with files_no_larger_than(1_000_000):
        with pytest.raises(StoreError, match="cannot be written: File too large"):
            while True:
                acknowledged = log.append("note", {"note": "x" * 70_000})
        with pytest.raises(StoreError, match="nothing more is written"):
            log.append("note", {})
        log.close()
        assert path.stat().st_size == 1_000_000, "the kernel took a part of the last line"
        assert len(read_log(path).events) == acknowledged
    with LogWriter.open(path) as log:
        assert log.found.torn
        assert log.append("note", {"note": "x" * 70_000}) == acknowledged + 1


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be created: No such file or directory"):
        LogWriter.create(tmp_path / "nowhere" / "game.jsonl", HEADER)


# ------------------------------------------------------------------------------ kill -9


@contextmanager
def python(program: str, *arguments: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Another Python that runs a text; gone when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        with process:
            try:
                yield process
            finally:
                process.kill()
    finally:
        process.wait()


APPEND_FOR_EVER = """
import sys
from wargame.replay.log_file import LogWriter
log = LogWriter.open(sys.argv[1])
print(log.seq, flush=True)
while True:
    print(log.append("note", {"note": "x" * 20_000}), flush=True)
"""


def kill_and_continue(path: Path, times: int) -> None:
    """Kill a writer at no particular moment, again and again, and count what it acknowledged."""
    luck = random.Random(2022)
    written(path)
    for _ in range(times):
        with python(APPEND_FOR_EVER, path) as process:
            assert process.stdout
            for _ in range(luck.randrange(1, 12)):
                acknowledged = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            for line in process.stdout:
                acknowledged = int(line)
        read = read_log(path)
        assert len(read.events) in (acknowledged, acknowledged + 1)
    assert all(len(event.data["note"]) == 20_000 for event in read.events)


def test_kill_9_loses_nothing_that_was_acknowledged(path: Path) -> None:
    kill_and_continue(path, 6)


@pytest.mark.long
def test_kill_9_a_hundred_times_loses_nothing_that_was_acknowledged(path: Path) -> None:
    kill_and_continue(path, 100)
