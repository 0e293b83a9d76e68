"""What each role sees, worked out once after every change, however many pages ask for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from wargame.seminar.table import Table
from wargame.seminar.view import View, view


@dataclass(frozen=True)
class Scene:
    """One role's view. label: names what is seen, its clock and devices included."""

    label: str
    seen: View
    devices: int


class Scenes:
    """The views of one table. Safe to use from several threads."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._epoch = 0
        self._kept: dict[tuple[str, str], tuple[int, Scene]] = {}
        self._one = threading.Lock()

    @property
    def epoch(self) -> int:
        """Rises whenever something may have changed."""
        return self._epoch

    def stir(self) -> None:
        """Something may have changed."""
        self._epoch += 1

    def known(self, role: str, lang: str) -> Scene | None:
        """What a role sees, if it has been worked out since the last change; never waits."""
        kept = self._kept.get((role, lang))
        return kept[1] if kept is not None and kept[0] == self._epoch else None

    def scene(self, role: str, lang: str) -> Scene:
        """What a role sees. Raises KeyError for a role that does not exist."""
        with self._one:
            epoch = self._epoch
            kept = self._kept.get((role, lang))
            if kept is not None and kept[0] == epoch:
                return kept[1]
            with self._table.lock:
                seen = view(self._table, role, lang)
                clock = self._table.state.clock
                # The first device is no news to itself.
                devices = max(1, self._table.present.get(role, 1))
            label = f"{seen['version']}.{clock.left}.{clock.running:d}.{devices}"
            scene = Scene(label, seen, devices)
            self._kept[role, lang] = (epoch, scene)
            return scene
