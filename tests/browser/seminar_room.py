"""A room for a seminar: real browsers around a real server.

Every page is watched: no script error, no request to anywhere else, nothing that people wrote
ever runs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from live_server import Room

VENDOR = Path(__file__).parent / "vendor"
SIZES = {"phone": (360, 740), "laptop": (1366, 768), "projector": (1920, 1080)}


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


def reach(page: Any, text: str, name: str = "") -> None:
    """Press Tab until something has the focus: a button with this text, or a field by its id."""
    for _ in range(120):
        page.keyboard.press("Tab")
        at = page.evaluate("[document.activeElement.textContent, document.activeElement.id]")
        if (name and at[1] == name) or (text and at[0].startswith(text)):
            return
    raise AssertionError(f"the Tab key never reaches {text or name}")
