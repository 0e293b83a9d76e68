"""A server that is killed again and again while a game is played over HTTP.

The long one kills two hundred times: ``pytest --long tests/seminar/web/test_killed_server.py``.
"""

from __future__ import annotations

import itertools
import random
import re
import threading
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_server import Room
from three_seats import write_scenario

from wargame.replay.replay import open_replay, verify

TURNS = 3
STEP = tuple[str, str, dict[str, Any], int | None]


def steps() -> list[STEP]:
    """A whole game: role, command, data, turn."""
    found: list[STEP] = [("facilitator", "start", {}, None)]
    for turn in range(1, TURNS + 1):
        if turn > 1:
            found.append(("facilitator", "next", {}, None))
        march = {"move": "march" if turn % 2 else "plot", "intent": f"red {turn} " + "y" * 1000}
        found += [
            ("facilitator", "inject_send", {"inject": {"title": "News " + "x" * 300}}, None),
            ("facilitator", "open_orders", {}, None),
            ("seat:red", "draft", {"orders": [march]}, turn),
            ("seat:red", "submit", {"orders": [march]}, turn),
            ("seat:blue", "submit", {"orders": [{"move": "hold"}]}, turn),
            ("seat:red", "message", {"to": ["facilitator"], "text": "z" * 3000}, None),
            ("facilitator", "lock", {}, None),
            ("facilitator", "rule", {"seat": "blue", "verdict": "skip", "reason": "no"}, None),
            ("facilitator", "commit", {}, None),
        ]
    return [*found, ("facilitator", "debrief", {}, None)]


class Players:
    """Everybody at the table, with the passes of their first join."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.passes = {
            role: httpx.post(
                f"{room.link}/join", json={"code": room.codes[role]}, headers={"origin": room.link}
            ).json()["pass"]
            for role in ("facilitator", "seat:red", "seat:blue")
        }

    def part(self, client: httpx.Client, role: str) -> str:
        """What a role sees, as its page has it."""
        headers = {"authorization": f"Bearer {self.passes[role]}"}
        return client.get(f"/part/{role}", headers=headers).raise_for_status().text

    def do(self, client: httpx.Client, step: STEP, key: str) -> httpx.Response:
        """Give one command, on the newest picture."""
        role, name, data, turn = step
        said: dict[str, Any] = {"data": data, "key": key, "turn": turn}
        if role == "facilitator":
            helm = re.search(r'id="helm" data-revision="(\d+)"', self.part(client, role))
            assert helm is not None
            said["revision"] = int(helm[1])
        headers = {
            "authorization": f"Bearer {self.passes[role]}",
            "accept": "application/json",
            "origin": self.room.link,
        }
        return client.post(f"/do/{name}", json=said, headers=headers)


def play(players: Players, told: set[str], from_step: int = 0) -> None:
    """Play on; `told` gathers the keys of what was acknowledged."""
    with httpx.Client(base_url=players.room.link, timeout=60) as client:
        for number, step in enumerate(steps()[from_step:], start=from_step):
            answer = players.do(client, step, f"step-{number}")
            assert answer.status_code == 200, f"{step}: {answer.text}"
            told.add(f"step-{number}")


def come_back(players: Players, told: set[str]) -> None:
    """Start the server again, and see that nothing is lost and nothing goes on by itself."""
    players.room.start()
    written = {event["data"].get("meta", {}).get("key") for event in players.room.log}
    drafts = {f"step-{i}" for i, (_, name, _, _) in enumerate(steps()) if name == "draft"}
    assert told - drafts <= written
    with httpx.Client(base_url=players.room.link, timeout=60) as client:
        assert "The server was restarted." in players.part(client, "facilitator")
        if drafts & told:
            last = max(int(key.partition("-")[2]) for key in drafts & told)
            assert steps()[last][2]["orders"][0]["intent"] in players.part(client, "seat:red")
        refused = players.do(client, ("seat:red", "withdraw", {}, 1), "while-paused")
        assert refused.status_code == 409
        resumed = players.do(client, ("facilitator", "resume", {}, None), uuid.uuid4().hex)
        assert resumed.status_code == 200


def play_under_fire(room: Room, luck: random.Random, kills: int) -> int:
    """A whole game, the server killed at any moment, up to so often; how often it was."""
    players, told, done = Players(room), set[str](), 0
    while f"step-{len(steps()) - 1}" not in told:
        shot = threading.Timer(luck.uniform(0, 0.4), room.process.kill)
        if done < kills:
            shot.start()
        try:
            # The last step that was acknowledged is asked for again: its answer may be lost, too.
            play(players, told, max((int(key[len("step-") :]) for key in told), default=0))
        except httpx.TransportError:
            shot.join()
            room.process.wait()
            done += 1
            come_back(players, told)
        finally:
            shot.cancel()
    return done


def game(folder: Path, luck: random.Random, kills: int) -> tuple[int, str]:
    """How often the server of a new game was killed, and the digest of its last world."""
    folder.mkdir()
    room = Room(folder, str(write_scenario(folder)), "red,blue")
    try:
        done = play_under_fire(room, luck, kills)
    finally:
        room.kill()
    events = [event["data"].get("meta", {}) for event in room.log]
    keys = [meta["key"] for meta in events if "key" in meta]
    assert len(keys) == len(set(keys))
    assert verify(folder / "game.jsonl").identical
    return done, open_replay(folder / "game.jsonl").world(TURNS).digest()


def kill_often(folder: Path, kills: int, seed: int) -> None:
    """Play games under fire until so many servers have been killed."""
    luck = random.Random(seed)
    _, calm = game(folder / "calm", luck, 0)
    done, games = 0, itertools.count()
    while done < kills:
        more, digest = game(folder / f"{next(games)}", luck, kills - done)
        assert digest == calm
        done += more


def test_a_killed_server_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    kill_often(tmp_path, kills=3, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_two_hundred_killed_servers_lose_nothing_they_acknowledged(
    tmp_path: Path, seed: int
) -> None:
    kill_often(tmp_path, kills=20, seed=seed)
