"""A live table behind the real application, and people at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from people import HERE, Facilitator, Person
from starlette.testclient import TestClient

from wargame.seminar.table import Table
from wargame.seminar.web.app import create_app


@pytest.fixture
def table(seat: Callable[..., Table]) -> Table:
    """Red and blue are people; green follows its rules."""
    return seat()


@pytest.fixture
def client(table: Table, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(table, [HERE], tmp_path / "game.key")
    with TestClient(app, base_url=HERE, headers={"origin": HERE}) as client:
        yield client


@pytest.fixture
def facilitator(client: TestClient, table: Table) -> Facilitator:
    return Facilitator(client, table)


@pytest.fixture
def red(client: TestClient, table: Table) -> Person:
    return Person(client, table.codes["seat:red"])


@pytest.fixture
def blue(client: TestClient, table: Table) -> Person:
    return Person(client, table.codes["seat:blue"])
