"""The odds after every turn of a run: how the futures that start from that very world end.

As a chess engine's evaluation follows a game, so do the shares of end states follow a run. The
futures are the model's, with every seat left to its rules and with fresh luck: they say what this
model expects, and are no forecast of a war.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from wargame.analysis.rollouts import Futures, play_futures
from wargame.batches.study import Jobs, OnProgress
from wargame.engine.record import RunHeader
from wargame.replay.fork import Fork
from wargame.replay.replay import Replay
from wargame.statistics.paired import difference_interval
from wargame.statistics.result import Result
from wargame.statistics.shares import Share, Shares, critical, listed, shares

STREAM = "odds"
ALPHA = 0.05


@dataclass(frozen=True)
class Change(Result):
    """How far a share moved: difference of shares, and its interval."""

    name: str
    difference: float
    low: float
    high: float

    @property
    def resolved(self) -> bool:
        """Whether the interval tells the direction."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Outlook:
    """What the futures of several worlds come to; world w is row w of `futures`.

    Intervals of the endings of one world hold together (exact, Bonferroni), and so do those of its
    milestones, of which a future counts if it passes through or has passed.
    """

    header: RunHeader
    futures: Futures

    @property
    def n(self) -> int:
        """How many futures each world has."""
        return self.futures.n

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Futures by ending, worlds x endings."""
        return self.futures.counts(len(self.header.endings))

    def endings(self, world: int) -> Shares:
        """Shares of the endings among the futures of a world."""
        return shares(dict(zip(self.header.endings, map(int, self.counts[world]), strict=True)))

    def milestones(self, world: int) -> Shares:
        """Shares of the futures of a world that pass through each milestone, or have passed."""
        passed = np.count_nonzero(self.futures.reached[:, world], axis=1)
        counts = dict(zip(self.header.milestones, map(int, passed), strict=True))
        return shares(counts, n=self.n)

    def hits(self, name: str) -> npt.NDArray[np.bool_]:
        """Which futures come to an ending or through a milestone, worlds x n.

        Raises KeyError if there is neither of this name.
        """
        if name in self.header.endings:
            found: npt.NDArray[np.bool_] = self.futures.ending == self.header.endings.index(name)
            return found
        if name in self.header.milestones:
            found = self.futures.reached[self.header.milestones.index(name)] > 0
            return found
        raise KeyError(name)

    def change(self, name: str, before: int, after: int, family: int = 1) -> Change:
        """How far the share of an ending or a milestone moves from one world to another.

        Future k of both met the same luck, so they are compared pair by pair (Tango's interval).
        family: so many intervals shall hold together.
        """
        hits = self.hits(name)
        gained = int(np.count_nonzero(hits[after] & ~hits[before]))
        lost = int(np.count_nonzero(hits[before] & ~hits[after]))
        low, high = difference_interval(gained, lost, self.n, critical(ALPHA, family))
        return Change(name, (gained - lost) / self.n, float(low), float(high))

    def distance(self, before: int, after: int) -> float:
        """How far the shares of all endings moved together: total variation, 0 to 1."""
        return float(np.abs(self.counts[after] - self.counts[before]).sum()) / (2 * self.n)

    def world_json(self, world: int) -> dict[str, Any]:
        """One world's shares, as the command line prints them."""
        passed = listed(self.milestones(world)) if self.header.milestones else {}
        return {"endings": listed(self.endings(world)), "milestones": passed}


@dataclass(frozen=True)
class Odds(Outlook):
    """The odds before turn 1 and after every turn of a run: world t is the one after t turns."""

    name: str

    @property
    def turns(self) -> int:
        """The last turn of the run."""
        return int(self.futures.ending.shape[0]) - 1

    def curve(self, name: str) -> tuple[Share, ...]:
        """The share of an ending or a milestone after turns 0, 1, 2 and so on.

        Raises KeyError if there is neither of this name.
        """
        of = self.endings if name in self.header.endings else self.milestones
        return tuple(of(turn)[name] for turn in range(self.turns + 1))

    def moved(self, turn: int, name: str) -> Change:
        """How far a turn moved the share of an ending or a milestone.

        Its intervals for all turns of the run hold together.
        """
        return self.change(name, turn - 1, turn, family=max(1, self.turns))

    def stir(self, turn: int) -> float:
        """How far a turn moved the shares of all endings together: total variation, 0 to 1."""
        return self.distance(turn - 1, turn)

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {
            "run": self.name,
            "scenario": self.header.scenario,
            "digest": self.header.digest,
            "futures": self.n,
            "turns": [
                {
                    "turn": turn,
                    "stir": self.stir(turn) if turn else 0.0,
                    **self.world_json(turn),
                }
                for turn in range(self.turns + 1)
            ],
        }


def odds_of(
    replay: Replay,
    n: int = 1000,
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
) -> Odds:
    """Play `n` futures of the world before turn 1 and of the world after every turn."""
    run = replay.playthrough
    futures = play_futures(
        replay.scenario, run.worlds, n, STREAM, run.seed, jobs, on_progress=on_progress
    )
    return Odds(replay.scenario.header, futures, replay.name)


@dataclass(frozen=True)
class Usual(Outlook):
    """What usually follows a fork: world 0 is its parent's after the forked turn, 1 its own."""

    def changes(self) -> tuple[Change, ...]:
        """How far the fork moves every ending and milestone; all intervals hold together."""
        names = (*self.header.endings, *self.header.milestones)
        return tuple(self.change(name, 0, 1, family=len(names)) for name in names)

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        sides: Mapping[str, Any] = {"parent": self.world_json(0), "fork": self.world_json(1)}
        return {
            "futures": self.n,
            **sides,
            "changes": {change.name: change.to_json() for change in self.changes()},
        }


def usually(
    fork: Fork, n: int = 1000, jobs: Jobs = 1, on_progress: OnProgress | None = None
) -> Usual:
    """Play `n` futures of the world after the forked turn, and of the same world of the parent.

    Raises ReplayError if the parent was never played as far as that turn.
    """
    run = fork.replay.playthrough
    futures = play_futures(
        fork.replay.scenario, fork.worlds(), n, STREAM, run.seed, jobs, on_progress=on_progress
    )
    return Usual(fork.replay.scenario.header, futures)
