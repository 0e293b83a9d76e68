"""People at a table, each in front of a browser that sends what ours sends."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
from starlette.testclient import TestClient

from wargame.seminar.table import Table

HERE = "http://192.168.1.5:8022"
SOCKET = "ws://192.168.1.5:8022/nudge"


def settle(client: TestClient) -> None:
    """Wait until the server has drawn what has changed, as pages do that wait for their nudge."""
    assert client.portal is not None
    client.portal.call(client.app.app.state.house.catch_up)  # type: ignore[attr-defined]


class Person:
    """Somebody with a pass."""

    def __init__(self, client: TestClient, code: str) -> None:
        self.client = client
        answer = client.post("/join", json={"code": code})
        assert answer.status_code == 200, answer.text
        self.role: str = answer.json()["role"]
        self.token: str = answer.json()["pass"]

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def part(self, whose: str = "", lang: str = "en") -> httpx.Response:
        """What this person is shown of a role, its own by default, once all pages are drawn."""
        settle(self.client)
        return self.client.get(f"/part/{whose or self.role}?lang={lang}", headers=self.headers)

    def do(self, name: str, data: Any = None, **said: Any) -> httpx.Response:
        """Give a command."""
        body = {"key": uuid.uuid4().hex, "data": data or {}, **said}
        headers = {**self.headers, "accept": "application/json"}
        return self.client.post(f"/do/{name}", headers=headers, json=body)


class Facilitator(Person):
    """Somebody who always steers on the newest picture."""

    def __init__(self, client: TestClient, table: Table) -> None:
        super().__init__(client, table.codes["facilitator"])
        self.table = table

    def do(self, name: str, data: Any = None, **said: Any) -> httpx.Response:
        said.setdefault("revision", self.table.revision_of("facilitator"))
        return super().do(name, data, **said)

    def to(self, phase: str) -> None:
        """Go on until the game is in a phase."""
        steps = {
            "setup": "start",
            "briefing": "open_orders",
            "orders": "lock",
            "adjudication": "commit",
            "resolution": "debrief" if phase in ("debrief", "ended") else "next",
            "debrief": "end",
        }
        while self.table.state.phase != phase:
            answer = self.do(steps[self.table.state.phase])
            assert answer.status_code == 200, answer.text
