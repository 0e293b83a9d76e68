"""Twenty ways to make a page run what people wrote, in every field at once, in a real browser."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from four_seats import TEXTS
from live_server import Room
from seminar_room import Watch

sys.path.append(str(Path(__file__).parent.parent / "seminar" / "web"))

from payloads import PAYLOADS

pytestmark = pytest.mark.browser


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS), encoding="utf-8")
    room = Room(tmp_path, "four-seats", "north,south,east,west")
    yield room
    room.kill()


def say(page: Any, name: str, data: Any, turn: int | None = None) -> int:
    """Give a command as the page would; the status of the answer."""
    steer = "Number(document.getElementById('helm')?.dataset.revision) || undefined"
    script = f"""async ([name, data, turn]) => (await fetch(`/do/${{name}}`, {{
        method: "POST",
        headers: {{"Content-Type": "application/json", Authorization: `Bearer ${{pass()}}`}},
        body: JSON.stringify({{key: fresh(), data, turn: turn ?? undefined, revision: {steer}}}),
    }})).status"""
    return int(page.evaluate(script, [name, data, turn]))


def test_nothing_that_people_write_ever_runs(browser: Any, room: Room) -> None:
    watch = Watch(browser, room)
    facilitator, north, south = (
        watch.join(role) for role in ("facilitator", "seat:north", "seat:south")
    )
    facilitator.click(".next button:has-text('Start the game')")
    facilitator.wait_for_selector(".next button:has-text('Open orders')")
    for payload in PAYLOADS:
        assert say(facilitator, "note", {"text": payload, "tags": [payload[:80]]}) == 200
        assert say(north, "message", {"to": ["facilitator", "seat:south"], "text": payload}) == 200
        before = facilitator.get_attribute("#helm", "data-revision")
        assert (
            say(facilitator, "inject_send", {"inject": {"title": payload, "about": payload}}) == 200
        )
        facilitator.wait_for_function(
            "before => document.getElementById('helm').dataset.revision !== before", arg=before
        )
    facilitator.click(".next button:has-text('Open orders')")
    facilitator.wait_for_selector(".next button:has-text('Lock orders')")
    for payload in PAYLOADS:
        line = {"free": payload, "target": payload[:200], "intent": payload, "expect": payload}
        assert say(north, "submit", {"orders": [line, line]}, 1) == 200
        north.wait_for_function(
            "words => document.querySelector('.handed')?.textContent.includes(words)",
            arg=payload.strip(),
        )
    facilitator.click(".next button:has-text('Lock orders')")
    facilitator.wait_for_selector(".ruling.open")
    south.wait_for_selector("[data-phase=adjudication]")
    for page in (facilitator, north, south):
        assert page.evaluate("window.owned") is None
        for tag in ("script:not([src^='/static/'])", "iframe", "style", "base", "#part img"):
            assert page.query_selector(tag) is None, tag
    watch.close()
    assert watch.troubles == []
