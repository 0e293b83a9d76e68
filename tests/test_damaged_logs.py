"""Real logs, damaged in every way we can think of: each is told, none crashes, none is believed.

All commands read logs through one reader: `verify` is asked with every damage, every other command
with one.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shipped import shipped
from small_crisis import small_crisis

from wargame.cli.main import main
from wargame.errors import ReplayError
from wargame.replay.log_file import read_log
from wargame.replay.replay import header_for, open_replay, record, record_run

# ------------------------------------------------------------------------------ flipped bits

PARTS = re.compile(
    rb'(?P<frame>\{"seq":)(?P<seq>\d+)(?P<key>,"kind":")(?P<kind>[^"]*)(?P<mid>","data":)'
    rb'(?P<data>.*)(?P<link>,"prev":")(?P<prev>[0-9a-f]{64})(?P<seal>","sum":")'
    rb'(?P<sum>[0-9a-f]{64})(?P<end>"\})(?P<newline>\n)',
    re.DOTALL,
)


def classes(log: bytes) -> Iterator[tuple[str, range]]:
    """Every kind of place in a log, line by line, with where it is."""
    at = 0
    for number, line in enumerate(log.splitlines(keepends=True)):
        match = PARTS.fullmatch(line)
        assert match
        for name in match.groupdict():
            yield f"{name} of line {number}", range(at + match.start(name), at + match.end(name))
        at += len(line)


def flipped(log: bytes, place: int, bit: int) -> bytes:
    damaged = bytearray(log)
    damaged[place] ^= 1 << bit
    return bytes(damaged)


@pytest.fixture(scope="module")
def kherson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of a shipped crisis: a header with its whole scenario, in two languages."""
    scenario = shipped("kherson-2022")
    path = tmp_path_factory.mktemp("logs") / "kherson.jsonl"
    record(scenario, header_for(scenario, until=3), path=path)
    return path


def test_a_bit_flipped_in_any_kind_of_place_is_found(kherson: Path, tmp_path: Path) -> None:
    """Some bits of every part of every line, ASCII and Japanese."""
    good, luck = kherson.read_bytes(), random.Random(4)
    path = tmp_path / "flipped.jsonl"
    japanese = [place for place, byte in enumerate(good) if byte > 127]
    places = [("a letter of Japanese", place) for place in luck.sample(japanese, 5)]
    places += [(name, luck.choice(where)) for name, where in classes(good) if where]
    for name, place in places:
        for bit in luck.sample(range(8), 3):
            path.write_bytes(flipped(good, place, bit))
            with pytest.raises(ReplayError, match=r"flipped\.jsonl"):
                read_log(path)
                pytest.fail(f"bit {bit} of byte {place}, {name}")


@pytest.mark.long
def test_every_flipped_bit_of_a_whole_log_is_found(tmp_path: Path) -> None:
    record_run("tegmark-tree", tmp_path / "whole.jsonl", run=3)
    good = (tmp_path / "whole.jsonl").read_bytes()
    path = tmp_path / "flipped.jsonl"
    for place in range(len(good)):
        for bit in range(8):
            path.write_bytes(flipped(good, place, bit))
            with pytest.raises(ReplayError, match=r"flipped\.jsonl"):
                read_log(path)
                pytest.fail(f"bit {bit} of byte {place}")


# ------------------------------------------------------------------------------ whole lines

Damage = Callable[[list[bytes]], bytes]

DAMAGES: dict[str, tuple[Damage, str]] = {
    "empty": (lambda lines: b"", "is empty"),
    "half a header": (lambda lines: lines[0][:200], "line 1: incomplete"),
    "torn, then appended to": (
        lambda lines: b"".join([*lines[:2], lines[2][:40], *lines[3:]]),
        "line 3: damaged",
    ),
    "a line deleted": (
        lambda lines: b"".join([*lines[:2], *lines[3:]]),
        "line 3: its number is 3 where 2 is due: lines are missing",
    ),
    "a line repeated": (
        lambda lines: b"".join([*lines[:3], lines[2], *lines[3:]]),
        "line 4: its number is 2 where 3 is due: lines are repeated",
    ),
    "two lines exchanged": (
        lambda lines: b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
        "line 2: its number is 2 where 1 is due",
    ),
    "two games joined": (lambda lines: b"".join(lines * 2), "a second log begins here"),
    "of a newer version": (
        lambda lines: b"".join([lines[0].replace(b"log-1", b"log-2"), *lines[1:]]),
        "written by a newer version",
    ),
    "NaN": (
        lambda lines: b"".join([lines[0], lines[1].replace(b'"turn":1', b'"turn":NaN')]),
        "line 2: damaged",
    ),
    "no log at all": (lambda lines: os.urandom(3000), "line 1: damaged, or the file is no turn"),
    "nested without end": (lambda lines: lines[0] + b"[" * 100_000 + b"\n", "line 2: damaged"),
}

COMMANDS: dict[str, list[str]] = {
    "verify": ["verify", "LOG"],
    "replay": ["replay", "LOG", "--plain"],
    "replay as JSON": ["replay", "LOG", "--turn", "1", "--json"],
    "odds": ["odds", "LOG", "--runs", "2"],
    "fork": ["fork", "LOG", "--turn", "1", "--order", "red=hold", "--out", "fork.jsonl"],
    "export": ["export", "LOG", "-o", "page.html"],
}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of a whole run."""
    path = tmp_path_factory.mktemp("logs") / "whole.jsonl"
    record_run(small_crisis(), path, run=1)
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("command", "damage"),
    [*(("verify", damage) for damage in DAMAGES), *zip([*COMMANDS][1:], DAMAGES, strict=False)],
)
def test_every_command_tells_damage_in_one_line_and_writes_nothing(
    command: str,
    damage: str,
    lines: list[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    mangle, reason = DAMAGES[damage]
    before = mangle(lines)
    Path("game.jsonl").write_bytes(before)
    words = [word.replace("LOG", "game.jsonl") for word in COMMANDS[command]]
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert said.err.startswith("wargame: game.jsonl") and reason in said.err
    assert Path("game.jsonl").read_bytes() == before
    assert os.listdir() == ["game.jsonl"]


@pytest.mark.parametrize("command", ["verify", "replay", "odds"])
def test_what_is_no_file_is_told(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.jsonl")
    os.mkdir("folder.jsonl")
    os.symlink("loop.jsonl", "loop.jsonl")
    for name in ("pipe.jsonl", "folder.jsonl", "loop.jsonl", "none.jsonl"):
        assert main([word.replace("LOG", name) for word in COMMANDS[command]]) == 2
        said = capsys.readouterr()
        assert said.err.count("\n") == 1 and name in said.err


# ------------------------------------------------------------------------------ what still opens


def test_a_torn_end_is_told_and_the_rest_opens(
    lines: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "torn.jsonl"
    path.write_bytes(b"".join(lines[:3]) + lines[3][:50])
    replay = open_replay(path)
    assert replay.playthrough.turns == 2 and replay.verdict.identical
    assert main(["replay", str(path), "--plain"]) == 0
    said = capsys.readouterr()
    assert "line 4 is incomplete (50 bytes) and was left out" in said.err
    assert path.read_bytes() == b"".join(lines[:3]) + lines[3][:50]


def test_a_header_alone_is_a_run_before_its_first_turn(
    lines: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "header.jsonl"
    path.write_bytes(lines[0])
    for command in ("verify", "replay", "replay as JSON", "odds", "export"):
        words = [word.replace("LOG", str(path)) for word in COMMANDS[command]]
        if command == "replay as JSON":
            words[3] = "0"
        if command == "export":
            words[-1] = str(tmp_path / "page.html")
        assert main(words) == (command == "verify"), command
        said = capsys.readouterr()
        told = "the run has not ended: its log stops after turn 0"
        assert told in (said.out if command == "verify" else said.err)


def test_whoever_forks_or_exports_a_torn_log_is_told(
    lines: list[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("torn.jsonl").write_bytes(b"".join(lines[:3]) + b"{")
    for command in ("odds", "fork", "export"):
        assert main([word.replace("LOG", "torn.jsonl") for word in COMMANDS[command]]) == 0
        assert "torn.jsonl: identical, 2 turns; the run has not ended" in (
            said := capsys.readouterr().err
        )
        assert "; torn end: line 4" in said
