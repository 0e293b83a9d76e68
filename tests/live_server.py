"""A seminar's server in a process of its own, which can be killed and started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wargame.replay.log_file import LogWriter, read_log

SERVER = """
import json, sys
from pathlib import Path

from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.seats.programs import parse_seats
from wargame.seminar.table import Table
from wargame.seminar.web.app import create_app
from wargame.seminar.web.security import derived_code
from wargame.seminar.web.server import listen, serve

folder, name, seats, port = Path(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), sys.argv[4]
programs = parse_seats(sys.argv[5:])
log, key = folder / "game.jsonl", folder / "game.key"
if log.exists():
    table = Table.open(log)
else:
    texts = folder / "texts.json"
    spec = load_texts(json.loads(texts.read_text())) if texts.exists() else load(name)
    people = dict.fromkeys(seats, "human")
    table = Table.create(log, compile_scenario(spec), people, programs=programs)
sock = listen("127.0.0.1", int(port))
link = f"http://127.0.0.1:{sock.getsockname()[1]}"
app = create_app(table, [link], key)
codes = {**table.codes, "projector": derived_code(key.read_bytes(), "projector", "0")}
serve(app, sock, ready=lambda: print(json.dumps({"link": link, "codes": codes}), flush=True))
"""


class Room:
    """The server of one game."""

    def __init__(self, folder: Path, scenario: str, seats: str, *programs: str) -> None:
        """programs: seats that programs hold, as `--seat` names them, for the first start only."""
        self._folder, self._scenario, self._seats = folder, scenario, seats
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.codes: dict[str, str] = {}
        self.link = ""
        self.start(*programs)

    def start(self, *programs: str) -> None:
        """Start the server, anew or again; returns when it can be reached."""
        args = [str(self._folder), self._scenario, self._seats, str(self._port), *programs]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
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

    def end(self) -> str:
        """End the server as a system does; all that it said since it could be reached."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate()[0]

    def reseal(self, change: Callable[[Any], object]) -> None:
        """Change what began the game in the log of a server that was killed, seals and all."""
        path = self._folder / "game.jsonl"
        found = read_log(path)
        path.unlink()
        with contextlib.closing(LogWriter.create(path, found.header)) as writer:
            for event in found.events:
                if event.kind == "seminar":
                    change(event.data)
                writer.append(event.kind, event.data)

    @property
    def log(self) -> list[dict[str, Any]]:
        """The events on disk."""
        text = (self._folder / "game.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]
