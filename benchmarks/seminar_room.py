"""How fast a full room is: seven browsers and fifty programs at one table, nine hundred idlers.

    python benchmarks/seminar_room.py [--browsers 7] [--clients 50] [--idle 900] [--rounds 10]

Everything runs on this machine and over its loopback, and stops by itself. Two questions:

1. From the facilitator's press of a button to the moment at which every page has fetched what it
   shows now: how long (aim: 95 in 100 under 0.3 s)?
2. With so many idle sockets open, how long does handing in orders take (aim: under 1 s)?

The programs speak HTTP and WebSocket as the pages do, each on connections of its own, so that the
machine that is measured also pays for whoever measures: real rooms are faster.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import wsproto
from wsproto.events import AcceptConnection, Ping, Request, TextMessage

TEAMS = ("russia", "ukraine", "usa", "nato")
LIMIT = 240
"""Seconds after which the whole of it gives up."""

SERVER = """
import json, sys
from pathlib import Path

from wargame.compiler import compile_scenario
from wargame.content.load import load
from wargame.seminar.table import Table
from wargame.seminar.web import hub, security, server
from wargame.seminar.web.app import create_app
from wargame.seminar.web.server import listen, serve

folder, teams = Path(sys.argv[1]), sys.argv[2].split(",")
table = Table.create(
    folder / "game.jsonl", compile_scenario(load("kherson-2022")), dict.fromkeys(teams, "human")
)
# One machine plays the whole room, with one pass for each role.
hub.BY_PASS = server.BY_ADDRESS = server.CONNECTIONS
security.REQUESTS *= 50
sock = listen("127.0.0.1", 0)
link = f"http://127.0.0.1:{sock.getsockname()[1]}"
app = create_app(table, [link], folder / "game.key")
serve(app, sock, ready=lambda: print(json.dumps({"link": link, "codes": table.codes}), flush=True))
"""


class Line:
    """One WebSocket to the server, without any library's opinion."""

    async def open(self, link: str, token: str) -> str:
        """Connect and show the pass; the first revision."""
        host = link.removeprefix("http://")
        name, _, port = host.partition(":")
        self.reader, self.writer = await asyncio.open_connection(name, int(port))
        self.socket = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        origin = [(b"origin", link.encode())]
        self.writer.write(
            self.socket.send(Request(host=host, target="/nudge", extra_headers=origin))
        )
        await self._event(AcceptConnection)
        hello = TextMessage(data=json.dumps({"pass": token}))
        self.writer.write(self.socket.send(hello))
        return await self.revision()

    async def revision(self) -> str:
        """The next thing that the server says."""
        return str(json.loads((await self._event(TextMessage)).data)["revision"])

    async def _event(self, kind: type) -> Any:
        while True:
            for event in self.socket.events():
                if isinstance(event, kind):
                    return event
                if isinstance(event, Ping):
                    self.writer.write(self.socket.send(event.response()))
            data = await self.reader.read(65536)
            if not data:
                raise ConnectionError("the server hung up")
            self.socket.receive_data(data)

    async def idle(self) -> None:
        """Listen, and do nothing about it."""
        while True:
            await self.revision()


class Room:
    """Everybody in it, and their passes."""

    def __init__(self, link: str, codes: dict[str, str]) -> None:
        self.link, self.codes = link, codes
        self.http = httpx.AsyncClient(
            base_url=link,
            headers={"origin": link},
            timeout=30,
            limits=httpx.Limits(max_connections=None, keepalive_expiry=2),
        )
        self.passes: dict[str, str] = {}

    async def enter(self) -> None:
        for role, code in self.codes.items():
            answer = await self.http.post("/join", json={"code": code})
            self.passes[role] = answer.json()["pass"]

    async def part(self, role: str) -> str:
        """Fetch what a role sees; the revision of it."""
        answer = await self.http.get(f"/part/{role}", headers=self._pass(role))
        answer.raise_for_status()
        return answer.headers["x-revision"]

    async def do(self, role: str, name: str, data: Any = None, **said: Any) -> None:
        """Give a command."""
        headers = {**self._pass(role), "accept": "application/json"}
        body = {"key": uuid.uuid4().hex, "data": data or {}, **said}
        if role == "facilitator" and "revision" not in body:
            body["revision"] = await self.helm()
        answer = await self.http.post(f"/do/{name}", headers=headers, json=body)
        assert answer.status_code == 200, answer.text

    async def helm(self) -> int:
        """What the facilitator's page has seen, which every press of a button says."""
        page = await self.http.get("/part/facilitator", headers=self._pass("facilitator"))
        return int(page.text.partition('data-revision="')[2].partition('"')[0])

    def _pass(self, role: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.passes[role]}"}


class Follower:
    """A program that does what a page does: hears a nudge, fetches its part.

    It fetches over one open connection, as a browser does, with as little of its own work as
    possible: it stands for a machine that is not here.
    """

    def __init__(self, room: Room, role: str) -> None:
        self.room, self.role, self.line = room, role, Line()
        self.shown: list[float] = []
        host = room.link.removeprefix("http://")
        self._ask = (
            f"GET /part/{role} HTTP/1.1\r\nhost: {host}\r\n"
            f"authorization: Bearer {room.passes[role]}\r\n\r\n"
        ).encode()

    async def follow(self) -> None:
        """Until cancelled."""
        await self.line.open(self.room.link, self.room.passes[self.role])
        name, _, port = self.room.link.removeprefix("http://").partition(":")
        while True:
            reader, writer = await asyncio.open_connection(name, int(port))
            try:
                while True:
                    await self._fetch(reader, writer)
                    self.shown.append(time.perf_counter())
                    await self.line.revision()
            except asyncio.IncompleteReadError:
                continue  # the server closes what has been idle for long, as it does to browsers
            finally:
                writer.close()

    async def _fetch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._ask)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert " 200 " in head.splitlines()[0], head
        length = int(head.partition("content-length:")[2].split()[0])
        await reader.readexactly(length)


async def turns(
    room: Room, followers: list[Follower], pages: list[Any], rounds: int
) -> list[float]:
    """Seconds from a press to each page that shows it, over so many presses."""
    found: list[float] = []
    await room.do("facilitator", "start")
    for _ in range(rounds):
        await room.do("facilitator", "open_orders")
        await asyncio.sleep(1)
        await room.do("facilitator", "lock")
        await asyncio.sleep(1)
        for page in pages:
            await page.evaluate("window.since = performance.timeOrigin + performance.now()")
        for follower in followers:
            follower.shown.clear()
        helm = await room.helm()
        pressed, wall = time.perf_counter(), time.time() * 1000
        await room.do("facilitator", "commit", revision=helm)
        for _ in range(100):
            await asyncio.sleep(0.1)
            if all(follower.shown for follower in followers):
                break
        found += [follower.shown[0] - pressed for follower in followers if follower.shown]
        missing = sum(not follower.shown for follower in followers)
        assert not missing, f"{missing} programs were not told"
        for page in pages:
            await page.wait_for_function("() => window.changed > window.since")
            found.append((await page.evaluate("window.changed") - wall) / 1000)
        await room.do("facilitator", "next")
    return found


async def submits(room: Room, idle: int) -> list[float]:
    """Seconds that handing in takes while so many sockets do nothing."""
    roles = list(room.passes)
    lines: list[Line] = []
    for start in range(0, idle, 50):
        batch = [Line() for _ in range(min(50, idle - start))]
        await asyncio.gather(
            *(
                line.open(room.link, room.passes[roles[i % len(roles)]])
                for i, line in enumerate(batch)
            )
        )
        lines += batch
    tasks = [asyncio.create_task(line.idle()) for line in lines]
    print(f"{len(lines)} idle sockets are open")
    await room.do("facilitator", "open_orders")
    await asyncio.sleep(3)
    page = await room.http.get("/part/seat:usa", headers=room._pass("seat:usa"))
    turn = int(page.text.partition('data-turn="')[2].partition('"')[0])
    found = []
    for _ in range(20):
        before = time.perf_counter()
        await room.do("seat:usa", "submit", {"orders": [{"move": "hold"}]}, turn=turn)
        found.append(time.perf_counter() - before)
        await room.do("seat:usa", "withdraw", turn=turn)
    assert not any(task.done() for task in tasks), "an idle socket was dropped"
    for task in tasks:
        task.cancel()
    return found


async def with_browsers(
    room: Room, count: int, then: Callable[[list[Any]], Awaitable[None]]
) -> None:
    """Do something while so many real browsers look at the room."""
    if not count:
        await then([])
        return
    from playwright.async_api import async_playwright

    roles = (*room.codes, "facilitator", "seat:usa")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        pages = []
        for role in (roles * count)[:count]:
            page = await (await chromium.new_context()).new_page()
            await page.goto(f"{room.link}/join#{room.codes[role]}")
            await page.click("#join button")
            await page.wait_for_selector("#part h1")
            await page.evaluate(
                "document.addEventListener('htmx:finally:swap', () => {"
                " if (!(window.changed > window.since))"
                " window.changed = performance.timeOrigin + performance.now(); })"
            )
            pages.append(page)
        await then(pages)
        await chromium.close()


def told(name: str, seconds: list[float]) -> None:
    """One line of figures."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    middle, worst = statistics.median(ordered), ordered[-1]
    print(f"{name}: {len(ordered)} times; median {middle:.3f}, 95 % {p95:.3f}, worst {worst:.3f} s")


async def measure(args: argparse.Namespace, said: dict[str, Any]) -> None:
    room = Room(said["link"], said["codes"])
    await room.enter()
    roles = list(room.passes)
    followers = [Follower(room, roles[i % len(roles)]) for i in range(args.clients)]
    tasks = [asyncio.create_task(follower.follow()) for follower in followers]
    await asyncio.sleep(2)

    async def rounds(pages: list[Any]) -> None:
        told("press to page", await turns(room, followers, pages, args.rounds))

    await with_browsers(room, args.browsers, rounds)
    for task in tasks:
        task.cancel()
    told(f"hand in with {args.idle} idle sockets", await submits(room, args.idle))
    await room.http.aclose()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--browsers", type=int, default=7)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--idle", type=int, default=900)
    parser.add_argument("--rounds", type=int, default=10)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, folder, ",".join(TEAMS)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            said = json.loads(server.stdout.readline())
            asyncio.run(asyncio.wait_for(measure(args, said), LIMIT))
        finally:
            server.terminate()
            server.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
