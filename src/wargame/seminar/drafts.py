"""What seats have typed and not handed in: beside the log, never in it.

One small file, replaced whole at every change, so that it survives the process being killed.
A draft belongs to a seat and a turn; what was written for a turn that is over is kept apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wargame.boundary.files import PRIVATE, write_text
from wargame.boundary.foreign import Malformed, dumps, read_json
from wargame.seminar.state import Line, read_lines

Written = Sequence[Mapping[str, str]]


class Drafts:
    """The drafts of one game. `path`: its log; the file stands beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".drafts")
        self._kept: dict[str, dict[str, Any]] = {}
        try:
            kept = read_json(self.path)
            for actor, draft in kept.items():
                read_lines(draft["orders"])
                self._kept[actor] = {"turn": int(draft["turn"]), "orders": draft["orders"]}
        except (OSError, Malformed, ValueError, TypeError, KeyError, AttributeError):
            self._kept = {}  # a game without drafts goes on; it loses nothing that was handed in

    def keep(self, actor: str, turn: int, lines: Sequence[Line]) -> None:
        """Keep what a seat has typed for a turn. Raises StoreError if the disk takes nothing."""
        draft = {"turn": turn, "orders": [line.to_data() for line in lines]}
        kept = {**self._kept, actor: draft}
        write_text(self.path, dumps(kept, ensure_ascii=False), mode=PRIVATE)
        self._kept = kept

    def of(self, actor: str) -> tuple[int, tuple[Line, ...]]:
        """The turn that a seat last wrote for, and what; turn 0 if it never wrote."""
        draft = self._kept.get(actor)
        return (draft["turn"], read_lines(draft["orders"])) if draft else (0, ())

    def for_turn(self, turn: int) -> dict[str, tuple[Line, ...]]:
        """What seats have typed for this turn."""
        return {a: self.of(a)[1] for a, draft in self._kept.items() if draft["turn"] == turn}
