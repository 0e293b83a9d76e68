"""A small crisis with secrets of every kind, and games of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from three_seats import write_scenario

from wargame.compiler import compile_scenario
from wargame.content.load import load
from wargame.engine.scenario import Scenario
from wargame.seminar.table import Table


class Ticks:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def crisis(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The small crisis, compiled."""
    return compile_scenario(load(write_scenario(tmp_path_factory.mktemp("crisis"))))


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


Seating = Callable[..., Table]


@pytest.fixture
def seat(crisis: Scenario, tmp_path: Path, ticks: Ticks) -> Iterator[Seating]:
    """Opens games of the small crisis: red and blue are people, green follows its rules."""
    tables: list[Table] = []

    def opened(name: str = "game.jsonl", **more: object) -> Table:
        options: dict[str, object] = {
            "seats": {"red": "human", "blue": "human"},
            "ticks": ticks,
            "wall": lambda: "2026-01-01T00:00:00+00:00",
        }
        table = Table.create(tmp_path / name, crisis, **{**options, **more})  # type: ignore[arg-type]
        tables.append(table)
        return table

    yield opened
    for table in tables:
        table.close()
