"""What seats have typed and not handed in: beside the log, never in it.

One small file, replaced whole at every change, so that it survives the process being killed.
A draft belongs to a seat and a turn. Two devices may write at once: the newest draft is the
seat's, and the words that it did not grow out of are set aside, never overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wargame.boundary.files import PRIVATE, check_output, write_text
from wargame.boundary.foreign import Malformed, dumps, read_json
from wargame.seminar.state import Line, read_lines

MOST_ASIDE = 20


@dataclass(frozen=True)
class Draft:
    """What a seat has typed for a turn; turn 0 if it never wrote.

    writer: the page that wrote it. number: counts the drafts of this seat. aside: by writer, what
    other pages wrote for the same turn, the newest last.
    """

    turn: int = 0
    lines: tuple[Line, ...] = ()
    writer: str = ""
    number: int = 0
    aside: tuple[tuple[str, tuple[Line, ...]], ...] = ()

    def then(self, turn: int, lines: tuple[Line, ...], writer: str, base: int | None) -> Draft:
        """The next draft. It grows out of this one if the same page wrote it, or began with it."""
        aside = [(who, words) for who, words in self.aside if who != writer and words != lines]
        grown = writer == self.writer or base == self.number or self.lines == lines
        if self.lines and not grown:
            aside.append((self.writer, self.lines))
        kept = tuple(aside[-MOST_ASIDE:]) if turn == self.turn else ()
        return Draft(turn, lines, writer, self.number + 1, kept)


class Drafts:
    """The drafts of one game. `path`: its log; the file stands beside it.

    Raises StoreError if no drafts could be kept there, as where a link has the file's name: better
    before the game than at the first word.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".drafts")
        check_output(self.path)
        self._kept: dict[str, Draft] = {}
        try:
            self._kept = {actor: _read(draft) for actor, draft in read_json(self.path).items()}
        except (OSError, Malformed, ValueError, TypeError, KeyError, AttributeError):
            self._kept = {}  # a game without drafts goes on; it loses nothing that was handed in

    def keep(
        self,
        actor: str,
        turn: int,
        lines: Sequence[Line],
        writer: str = "",
        base: int | None = None,
    ) -> None:
        """Keep what a seat has typed for a turn. Raises StoreError if the disk takes nothing.

        writer: names the page that sends it. base: the number of the draft that it began with.
        """
        draft = self.of(actor).then(turn, tuple(lines), writer, base)
        kept = {**self._kept, actor: draft}
        text = dumps({who: asdict(draft) for who, draft in kept.items()}, ensure_ascii=False)
        write_text(self.path, text, mode=PRIVATE)
        self._kept = kept

    def of(self, actor: str) -> Draft:
        """What a seat last wrote."""
        return self._kept.get(actor, Draft())

    def for_turn(self, turn: int) -> dict[str, tuple[Line, ...]]:
        """What seats have typed for this turn."""
        return {a: draft.lines for a, draft in self._kept.items() if draft.turn == turn}


def _read(draft: Any) -> Draft:
    """A draft of the file; those of the first edition have orders and know of no writers."""
    aside = [(str(who), read_lines(words)) for who, words in draft.get("aside", ())]
    return Draft(
        int(draft["turn"]),
        read_lines(draft["lines"] if "lines" in draft else draft["orders"]),
        str(draft.get("writer", "")),
        int(draft.get("number", 0)),
        tuple(aside),
    )
