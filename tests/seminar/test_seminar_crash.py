"""The process is killed at any moment; what was acknowledged is there, and the game goes on."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from leading import BLUE, RED, lead

from wargame.engine.scenario import Scenario
from wargame.replay.replay import verify
from wargame.seminar.table import Table

TURNS = 3


def steps() -> list[tuple[str, Callable[[Table], object]]]:
    """A whole game as named steps, each one acknowledged command."""

    def command(role: str, name: str, data: dict[str, object], turn: int | None, key: str):
        def act(table: Table) -> object:
            revision = table.revision_of("facilitator")
            return table.command(role, name, data, turn=turn, key=key, revision=revision)

        return act

    found = []

    def add(role: str, name: str, data: dict[str, object], turn: int | None = None) -> None:
        key = f"step-{len(found)}"
        found.append((key, command(role, name, data, turn, key)))

    add("facilitator", "start", {})
    for turn in range(1, TURNS + 1):
        if turn > 1:
            add("facilitator", "next", {})
        add("facilitator", "inject_send", {"inject": {"title": "News " + "x" * 2000}})
        add("facilitator", "open_orders", {})
        march = [{"move": "march" if turn % 2 else "plot", "intent": "y" * 1000}]
        add(RED, "submit", {"orders": march}, turn)
        add(BLUE, "submit", {"orders": [{"move": "hold"}]}, turn)
        add(RED, "message", {"to": ["facilitator"], "text": "z" * 3000})
        add("facilitator", "lock", {})
        ruling = {"seat": "blue", "place": 0, "verdict": "skip", "reason": "no"}
        add("facilitator", "rule", ruling)
        add("facilitator", "commit", {})
    add("facilitator", "debrief", {})
    return found


def play(table: Table, told: Callable[[int], object] = lambda number: None) -> None:
    """Play the whole game; steps that were acknowledged before give their old answer."""
    for number, (_, act) in enumerate(steps()):
        if table.state.paused:
            lead(table, "resume")
        act(table)
        told(number)


def killed(start: Callable[[], Table], after: int) -> int:
    """Play in a child that is killed once it has acknowledged so many steps; the last one told."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            table = start()
            play(table, lambda number: os.write(writing, bytes([number])))
        finally:
            os._exit(0)
    os.close(writing)
    acknowledged = -1
    while acknowledged < after and (said := os.read(reading, 1)):
        acknowledged = said[0]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while said := os.read(reading, 1):  # what it told before it was killed
        acknowledged = said[0]
    os.close(reading)
    return acknowledged


def check(crisis: Scenario, folder: Path, seed: int, expected: str) -> None:
    luck = random.Random(seed)
    path = folder / f"{seed}.jsonl"
    seats = {"red": "human", "blue": "human"}

    def begin() -> Table:
        return Table.create(path, crisis, seats)

    start, told = begin, -1
    for _ in range(luck.randint(1, 3)):
        told = max(told, killed(start, luck.randint(0, len(steps()) - 1)))
        if not path.exists() or (told < 0 and path.stat().st_size == 0):
            return  # killed before there was a game
        start = lambda: Table.open(path)  # noqa: E731
        with_keys = Table.open(path)
        keys = {e.data.get("meta", {}).get("key") for e in with_keys.events}
        acknowledged = {key for key, _ in steps()[: told + 1]}
        assert acknowledged <= keys
        assert with_keys.state.paused
        with_keys.close()
        assert verify(path).identical
    table = Table.open(path)
    play(table)
    assert table.board.world.digest() == expected
    assert len(table.state.messages) == TURNS
    table.close()


@pytest.fixture
def expected(crisis: Scenario, tmp_path: Path) -> str:
    """The world after the same game without any crash."""
    table = Table.create(tmp_path / "calm.jsonl", crisis, {"red": "human", "blue": "human"})
    play(table)
    table.close()
    return table.board.world.digest()


@pytest.mark.parametrize("seed", range(20))
def test_no_acknowledged_event_is_lost(
    crisis: Scenario, tmp_path: Path, expected: str, seed: int
) -> None:
    check(crisis, tmp_path, seed, expected)


@pytest.mark.long
def test_no_acknowledged_event_is_lost_in_many_crashes(
    crisis: Scenario, tmp_path: Path, expected: str
) -> None:
    for seed in range(1000, 1200):
        check(crisis, tmp_path, seed, expected)
