"""A room for a seminar: a real server in a process of its own, and real browsers around it.

The server can be killed without a word and started again on the same log and port. Every page
is watched: no script error, no request to anywhere else, nothing that people wrote ever runs.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parent / "vendor"
SIZES = {"phone": (360, 740), "laptop": (1366, 768), "projector": (1920, 1080)}

SERVER = """
import json, sys
from pathlib import Path

from wargame.compiler import compile_scenario
from wargame.load import load, load_texts
from wargame.seminar.table import Table
from wargame.seminar.web.app import create_app
from wargame.seminar.web.security import derived_code
from wargame.seminar.web.server import listen, serve

folder, name, seats, port = Path(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), sys.argv[4]
log, key = folder / "game.jsonl", folder / "game.key"
if log.exists():
    table = Table.open(log)
else:
    texts = folder / "texts.json"
    spec = load_texts(json.loads(texts.read_text())) if texts.exists() else load(name)
    table = Table.create(log, compile_scenario(spec), dict.fromkeys(seats, "human"))
sock = listen("127.0.0.1", int(port))
link = f"http://127.0.0.1:{sock.getsockname()[1]}"
app = create_app(table, [link], key)
codes = {**table.codes, "projector": derived_code(key.read_bytes(), "projector", "0")}
serve(app, sock, ready=lambda: print(json.dumps({"link": link, "codes": codes}), flush=True))
"""


class Room:
    """The server of one game."""

    def __init__(self, folder: Path, scenario: str, seats: str) -> None:
        self._folder, self._scenario, self._seats = folder, scenario, seats
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.codes: dict[str, str] = {}
        self.link = ""
        self.start()

    def start(self) -> None:
        """Start the server, anew or again; returns when it can be reached."""
        args = [str(self._folder), self._scenario, self._seats, str(self._port)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, *args],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        self.link = said["link"]
        self.codes = {**said["codes"], **self.codes}

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @property
    def log(self) -> list[dict[str, Any]]:
        """The events on disk."""
        text = (self._folder / "game.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


class Watch:
    """Opens pages, and remembers whatever one of them should not have done."""

    def __init__(self, browser: Any, room: Room) -> None:
        self._browser, self._room = browser, room
        self.troubles: list[str] = []
        self.contexts: list[Any] = []
        self.expecting_a_crash = False

    def page(self, size: str = "laptop") -> Any:
        """A page in a browser profile of its own."""
        width, height = SIZES[size]
        context = self._browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(60_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("console", self._heard)
        page.on("request", self._asked)
        return page

    def join(self, role: str, lang: str = "en", size: str = "laptop") -> Any:
        """Somebody follows a link, looks, and presses the button."""
        page = self.page(size)
        page.goto(f"{self._room.link}/join?lang={lang}#{self._room.codes[role]}")
        page.click("#join button")
        page.wait_for_selector("#part h1")
        return page

    def _heard(self, message: Any) -> None:
        lost = re.search(
            r"ERR_(CONNECTION|INTERNET|EMPTY|SOCKET)|WebSocket|Failed to fetch", message.text
        )
        if message.type in ("error", "warning") and not (self.expecting_a_crash and lost):
            self.troubles.append(f"console: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self._room.link, "blob:")):
            self.troubles.append(f"off the host: {request.url}")

    def close(self) -> None:
        """Everybody goes home."""
        for context in self.contexts:
            context.close()


def axe(page: Any) -> list[tuple[str, list[str]]]:
    """What axe has to complain about on a page as it is."""
    page.evaluate((VENDOR / "axe.min.js").read_text(encoding="utf-8") + "; undefined")
    found = page.evaluate("axe.run()")
    return [
        (fault["id"], [node["html"][:160] for node in fault["nodes"]])
        for fault in found["violations"]
    ]


def overflow(page: Any) -> int:
    """By how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
