"""Outside seats: any program may hold one. See docs/seats.md for what it is sent and answers.

A program is reached as ``agent:http://127.0.0.1:9000`` (a POST for each turn) or as
``agent:python3 mine.py`` (one line of JSON in, one out, for as long as it lives). What it answers
is checked like anybody's order; a bad or late answer leaves the turn to the actor's rules.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wargame.seminar.table import Table


class Caller:
    """Asks outside programs, each in a thread of its own, so that nobody waits for them."""

    def __init__(self, patience: float = 20.0) -> None:
        self.patience = patience
        self._threads: list[threading.Thread] = []

    def ask(self, table: Table, actor: str, turn: int) -> None:
        """Ask for an actor's orders of a turn; the answer goes to `table.agent_answers`."""

    def wait(self) -> None:
        """Until everybody who was asked has answered or failed to."""

    def close(self) -> None:
        """End what was started."""
