"""What a disk, a killed process or a stranger's editor does to a game, and what comes of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from leading import BLUE, RED, lead, open_orders, order, play_turn

from wargame.errors import ReplayError, StoreError
from wargame.replay import log_file as log_module
from wargame.replay.log_file import LogWriter, read_log
from wargame.seminar.table import Table
from wargame.seminar.view import view


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_acknowledges_nothing_and_says_so_to_everybody(
    seat: Any, monkeypatch: pytest.MonkeyPatch, ticks: Any
) -> None:
    table = seat()
    open_orders(table)
    order(table, RED, "march")
    with monkeypatch.context() as patch:
        patch.setattr(log_module, "write_all", full)
        with pytest.raises(StoreError, match="No space left"):
            lead(table, "message", {"to": [RED], "text": "Hello"})
    # There is room again, but a failed write is never tried to be mended behind people's backs.
    lines = {"orders": [{"move": "hold"}]}
    with pytest.raises(StoreError, match="open the log again"):
        table.command(BLUE, "submit", lines, turn=1, key="mine")
    assert "blue" not in table.state.sheets and not table.state.messages
    for role in (RED, BLUE, "projector", "facilitator"):
        assert view(table, role)["stopped"]
    table.close()
    again = Table.open(table.path, ticks=ticks)
    assert again.state.sheets["red"].lines[0].move == "march"
    assert not view(again, BLUE)["stopped"]
    lead(again, "resume")
    again.command(BLUE, "submit", lines, turn=1, key="mine")
    again.close()


def test_a_draft_that_the_disk_does_not_take_is_not_said_to_be_kept(
    seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = seat()
    open_orders(table)
    first, second = ({"orders": [{"move": move}]} for move in ("march", "plot"))
    table.command(RED, "draft", first, turn=1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(StoreError, match="No space left"):
            table.command(RED, "draft", second, turn=1)
    assert view(table, RED)["draft"]["orders"][0]["move"] == "march"
    table.command(RED, "draft", second, turn=1)
    assert view(table, RED)["draft"]["orders"][0]["move"] == "plot"


def test_a_torn_log_opens_at_its_last_whole_line_and_keeps_the_rest(seat: Any) -> None:
    table = seat()
    play_turn(table, "march")
    table.close()
    whole = table.path.read_bytes()
    table.path.write_bytes(whole[:-40])
    again = Table.open(table.path)
    assert again.torn is not None and "incomplete" in again.torn
    assert again.state.phase == "adjudication"
    assert again.state.sheets["red"].lines[0].move == "march"
    aside = next(table.path.parent.glob("game.jsonl.torn-*"))
    kept = whole[: -len(aside.read_bytes()) - 40]
    assert kept + aside.read_bytes() == whole[:-40]
    again.close()


def test_a_corrupt_log_is_named_and_left_as_it_is(seat: Any) -> None:
    table = seat()
    play_turn(table, "march")
    table.close()
    lines = table.path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"briefing", b"debrief!")
    spoilt = b"".join(lines)
    assert spoilt != table.path.read_bytes()
    table.path.write_bytes(spoilt)
    with pytest.raises(ReplayError, match="line 3"):
        Table.open(table.path)
    assert table.path.read_bytes() == spoilt


def test_a_game_that_this_engine_would_play_otherwise_is_not_gone_on_with(
    seat: Any, tmp_path: Path
) -> None:
    table = seat()
    play_turn(table, "march")
    table.close()
    found = read_log(table.path)
    with LogWriter.create(tmp_path / "other.jsonl", found.header) as writer:
        for event in found.events:
            other = {"after": "0" * 64} if event.kind == "turn" else {}
            writer.append(event.kind, {**event.data, **other})
    with pytest.raises(ReplayError, match="cannot be continued"):
        Table.open(tmp_path / "other.jsonl")
