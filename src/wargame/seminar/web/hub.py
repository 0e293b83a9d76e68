"""Who is connected, and the one word that is ever pushed: "what you see has changed".

A nudge carries the name of the new sight and nothing else, and goes only to pages whose own sight
has changed: a seat does not even learn *when* others act. A missed message, a reconnect and a
restart are one and the same case: the page asks for its own part anew. A slow client costs
nothing, because its nudges melt into one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

SOCKETS = 1200
"""Open WebSockets that have shown a pass."""


BY_PASS = 8
"""The same for one pass: a tab, its copies, and what a phone has lost and not yet given up."""


class Full(Exception):
    """No room for another connection."""


class Listener:
    """One open page: whose pass it has, whose part it shows. `woken` when it has changed."""

    def __init__(self, role: str, whose: str, device: str) -> None:
        self.role = role
        self.whose = whose
        self.device = device
        self.woken = asyncio.Event()
        self.shut = False


class Hub:
    """The open pages of one game. Belongs to one event loop."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @property
    def watched(self) -> set[str]:
        """The roles whose part is open somewhere."""
        return {listener.whose for listener in self._listeners}

    def devices(self) -> Counter[str]:
        """How many devices play each role; who only looks does not count."""
        playing = {(a.role, a.device) for a in self._listeners if a.role == a.whose}
        return Counter(role for role, _ in playing)

    def wake(self, whose: str) -> None:
        """What this role sees has changed."""
        for listener in self._listeners:
            if listener.whose == whose:
                listener.woken.set()

    def shut(self, role: str) -> None:
        """Send the pages of a role away: their code has been replaced."""
        for listener in self._listeners:
            if listener.role == role:
                listener.shut = True
                listener.woken.set()

    @contextmanager
    def listening(self, role: str, whose: str, device: str) -> Iterator[Listener]:
        """A page is open. Raises Full."""
        same = sum(a.role == role and a.device == device for a in self._listeners)
        if len(self._listeners) >= SOCKETS or same >= BY_PASS:
            raise Full
        listener = Listener(role, whose, device)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
