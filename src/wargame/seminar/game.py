"""What of a live game is read to show it: the table, as `view` knows it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol

from wargame.boundary.programs import Named
from wargame.replay.log_file import Event
from wargame.seats.board import Board
from wargame.seminar.drafts import Drafts
from wargame.seminar.state import State


class Game(Protocol):
    """See `wargame.seminar.table.Table`, which is one."""

    state: State
    board: Board
    drafts: Drafts
    events: tuple[Event, ...]
    codes: dict[str, str]
    programs: Mapping[str, Named]
    present: dict[str, int]

    @property
    def left(self) -> int | None:
        """Milliseconds left for orders; None without a deadline."""

    @property
    def stopped(self) -> bool:
        """Whether the disk has failed, so that nothing more is taken down."""

    @property
    def lock(self) -> threading.RLock:
        """Held while the game changes."""

    def revision_of(self, role: str) -> int:
        """What a role's revision is."""
