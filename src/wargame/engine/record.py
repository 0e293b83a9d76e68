"""What a turn leaves behind: the one shape that logs, pages and statistics read.

A record speaks in indices over the names of a `RunHeader`, so that a hundred thousand runs cost
no more than arrays; `show` turns it into sentences. Records know nothing of the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

UNRESOLVED = "unresolved"


@dataclass(frozen=True)
class RunHeader:
    """What a set of runs is called and the names that its records' indices stand for.

    A run is named by (`digest`, `overlays`, `seed`, run number). `endings` ends with
    ``unresolved``; `happenings` are the injects and outcomes of chance that news can bring.
    """

    scenario: str
    digest: str
    overlays: tuple[str, ...]
    overlay_digest: str
    seed: int
    engine: str
    start: str
    turn_length: str
    horizon: int
    actors: tuple[str, ...]
    moves: dict[str, tuple[str, ...]]
    dyads: tuple[str, ...]
    happenings: tuple[str, ...]
    milestones: tuple[str, ...]
    endings: tuple[str, ...]
    unknowns: tuple[str, ...]


@dataclass(frozen=True)
class TurnRecord:
    """One turn of n runs.

    orders: {actor: K x n} index of the move or -1. success: {actor: K x n}.
    happened: happenings x n. stage, heat: dyads x n, after the turn. ending: n, -1 while the run
    goes on. reached: milestones x n, the turn each milestone was first reached, 0 if not yet.
    detail: {actor: `decision.Weighing` and what it saw}, only where a trace was asked for.
    """

    turn: int
    orders: dict[str, Ints]
    success: dict[str, Flags]
    happened: Flags
    stage: Ints
    heat: Ints
    ending: Ints
    reached: Ints
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcomes:
    """How n runs ended: one row a run, in the order of `run`.

    ending: index into the header's endings. turn: the turn it ended. decided: the first turn
    from which the ending's condition held without a break. reached: milestones x n. peak:
    highest stage, dyads x n. unknown: the unknowns drawn, unknowns x n. trail: the rolling hash
    that proves the run. played: {actor: moves x turns} how many of these runs played it.
    """

    run: Ints
    ending: Ints
    turn: Ints
    decided: Ints
    reached: Ints
    peak: Ints
    unknown: Ints
    trail: npt.NDArray[np.uint64]
    played: dict[str, Ints]

    @property
    def n(self) -> int:
        """How many runs there are."""
        return int(self.run.size)


def join(parts: list[Outcomes]) -> Outcomes:
    """The outcomes of several sets of runs as one, sorted by run number."""
    order = np.argsort(np.concatenate([part.run for part in parts]), kind="stable")

    def row(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)[..., order]

    played = {
        actor: np.sum([part.played[actor] for part in parts], axis=0) for actor in parts[0].played
    }
    names = ("run", "ending", "turn", "decided", "reached", "peak", "unknown", "trail")
    return Outcomes(**{name: row(name) for name in names}, played=played)
