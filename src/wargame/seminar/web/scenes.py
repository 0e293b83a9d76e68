"""What each role sees, worked out once after every change, however many pages ask for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from wargame.seats.seating import FACILITATOR
from wargame.seminar.table import Table
from wargame.seminar.view import View, view


@dataclass(frozen=True)
class Scene:
    """One role's view. label: names what is seen in any language, clock and devices included."""

    label: str
    seen: View
    devices: int


class Scenes:
    """The views of one table. Safe to use from several threads."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._epoch = 0
        self._kept: dict[tuple[str, str], tuple[int, Scene]] = {}
        self._one = threading.RLock()
        self.link = ""
        """The address in links and QR codes, which stands on the facilitator's page."""

    @property
    def epoch(self) -> int:
        """Rises whenever something may have changed."""
        return self._epoch

    def stir(self) -> None:
        """Something may have changed."""
        self._epoch += 1

    def scene(self, role: str, lang: str) -> Scene:
        """What a role sees; the same object as before if nothing of it has changed.

        Raises KeyError for a role that does not exist.
        """
        with self._one:
            epoch = self._epoch
            kept = self._kept.get((role, lang))
            if kept is not None and kept[0] == epoch:
                return kept[1]
            scene = self._look(role) if lang == "en" else self._translated(role, lang)
            if kept is not None and kept[1].label == scene.label:
                scene = kept[1]
            self._kept[role, lang] = (epoch, scene)
            return scene

    def _look(self, role: str) -> Scene:
        with self._table.lock:
            seen = view(self._table, role)
            clock = self._table.state.clock
            # The first device is no news to itself.
            devices = max(1, self._table.present.get(role, 1))
        label = f"{seen['version']}.{clock.left}.{clock.running:d}.{devices}"
        label += f".{self.link}" if role == FACILITATOR else ""
        return Scene(label, seen, devices)

    def _translated(self, role: str, lang: str) -> Scene:
        # The label comes first: what is shown under it may be newer, never older.
        first = self.scene(role, "en")
        kept = self._kept.get((role, lang))
        if kept is not None and kept[1].label == first.label:
            return kept[1]
        return Scene(first.label, view(self._table, role, lang), first.devices)
