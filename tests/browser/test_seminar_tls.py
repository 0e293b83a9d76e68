"""``wargame seminar --tls``, as one types it: pages, sockets, the fingerprint, and a restart."""

from __future__ import annotations

import hashlib
import re
import shlex
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """What the command prints before it serves, and the process."""
    command = [sys.executable, "-m", "wargame", "seminar", *words]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        told = ""
        while "SHA-256" not in told and (line := server.stdout.readline()):
            told += line
        try:
            yield told, server
        finally:
            server.terminate()


def fingerprint(told: str) -> str:
    return re.findall(r"SHA-256 ([0-9A-F:]+)", told)[0]


def test_a_game_over_https(browser: Any, tmp_path: Path) -> None:
    words = ["kherson-2022", "--seats", "usa", "--tls", "--host", "127.0.0.1", "--port", "0"]
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(60_000)
    with serving(tmp_path, *words, "--log", "game.jsonl") as (told, server):
        assert "Plain http" not in told
        host, port = re.findall(r"https://([\d.]+):(\d+)/", told)[0]
        pem = ssl.get_server_certificate((host, int(port)))
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        assert fingerprint(told) == ":".join(re.findall("..", digest))
        pages = []
        for link in re.findall(r"https://127\.0\.0\.1:\d+/join\?lang=en#\S+", told):
            page = context.new_page()
            page.goto(link)
            page.click("#join button")
            page.wait_for_selector("#line[data-state=here]")
            pages.append(page)
        facilitator, usa = pages
        facilitator.click(".next button:has-text('Start the game')")
        usa.wait_for_selector("[data-phase=briefing]")
        assert usa.evaluate("[location.protocol, socket.url.slice(0, 4)]") == ["https:", "wss:"]
        server.terminate()
        assert server.stdout is not None
        goes_on = re.findall(r"go on with: wargame seminar (.*)", server.stdout.read())[0]
    # As it is printed, it brings the open pages back: same port, same certificate.
    assert goes_on == f"--open game.jsonl --host 127.0.0.1 --port {port} --tls"
    with serving(tmp_path, *shlex.split(goes_on)) as (again, _):
        assert fingerprint(again) == fingerprint(told)
        facilitator.wait_for_selector("text=The server was restarted.")
        usa.wait_for_selector("#line[data-state=here]")
    context.close()
    assert (tmp_path / "game.jsonl.tls").stat().st_mode & 0o077 == 0
