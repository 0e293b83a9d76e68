"""``wargame seminar --tls``, as one types it: the page, its socket, and the printed fingerprint."""

from __future__ import annotations

import hashlib
import re
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_a_game_over_https(browser: Any, tmp_path: Path) -> None:
    words = ["seminar", "kherson-2022", "--seats", "usa", "--tls", "--host", "127.0.0.1"]
    command = [sys.executable, "-m", "wargame", *words, "--port", "0", "--log", "game.jsonl"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = ""
            while "SHA-256" not in told:
                line = server.stdout.readline()
                assert line, told
                told += line
            links = re.findall(r"https://127\.0\.0\.1:\d+/join\?lang=en#\S+", told)
            host, port = re.findall(r"https://([\d.]+):(\d+)/", told)[0]
            pem = ssl.get_server_certificate((host, int(port)))
            digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
            assert ":".join(re.findall("..", digest)) in told
            assert "Plain http" not in told
            context = browser.new_context(ignore_https_errors=True)
            context.set_default_timeout(60_000)
            pages = []
            for link in links:
                page = context.new_page()
                page.goto(link)
                page.click("#join button")
                page.wait_for_selector("#line[data-state=here]")
                pages.append(page)
            facilitator, usa = pages
            facilitator.click(".next button:has-text('Start the game')")
            usa.wait_for_selector("[data-phase=briefing]")
            assert usa.evaluate("[location.protocol, socket.url.slice(0, 4)]") == ["https:", "wss:"]
            context.close()
        finally:
            server.terminate()
        assert "go on with: wargame seminar --open game.jsonl" in server.stdout.read()
