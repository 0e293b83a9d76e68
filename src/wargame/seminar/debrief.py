"""After the game: what happened beside what was meant, as data, as CSV and as one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wargame.seminar.table import Table


def report(table: Table, lang: str = "en") -> dict[str, Any]:
    """The whole game with every lens open. Only for the phases debrief and ended."""
    return {}
