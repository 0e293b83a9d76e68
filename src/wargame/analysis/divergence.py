"""Why two runs under the same luck went apart: the first order that differs, and what followed.

Nothing is kept of a run but its outcome; both runs are played again, with every reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wargame.batches.batch import Batch
from wargame.batches.open_run import batch_run
from wargame.batches.results import windows
from wargame.batches.store.plan import BASELINE
from wargame.errors import WargameError, no_such
from wargame.replay.explain import Explanation, Option, explain
from wargame.replay.playthrough import Playthrough

Pair = tuple[Playthrough, Playthrough]


@dataclass(frozen=True)
class Departure:
    """One actor that did one thing in the one run and another in the other, in the same turn."""

    base: Explanation
    variant: Explanation

    @property
    def turn(self) -> int:
        return self.base.turn

    @property
    def actor(self) -> str:
        return self.base.actor

    @property
    def moves(self) -> tuple[str, ...]:
        """What either did that the other did not."""
        ours, theirs = self.base.chosen, self.variant.chosen
        return tuple(dict.fromkeys(m for m in (*ours, *theirs) if (m in ours) != (m in theirs)))

    def weighed(self, move: str) -> tuple[Option | None, Option | None]:
        """A move as it was weighed in both runs; None where the actor did not have it."""
        return _option(self.base, move), _option(self.variant, move)


@dataclass(frozen=True)
class Divergence:
    """Two runs of one number, and where they part.

    opening: gauges that differ before the first turn, with both values. departures: every
    actor's differing orders, in the order of turns, as far as both runs go.
    """

    base: Playthrough
    variant: Playthrough
    opening: dict[str, tuple[int, int]]
    departures: tuple[Departure, ...]

    @property
    def first(self) -> tuple[Departure, ...]:
        """The differing orders of the first turn that has any; they were given at once."""
        return tuple(d for d in self.departures if d.turn == self.departures[0].turn)

    @property
    def later(self) -> tuple[Departure, ...]:
        """The differing orders of the turns after that."""
        return self.departures[len(self.first) :]

    @property
    def news(self) -> int | None:
        """The first turn with other news; None if there was none."""
        sides = (_news(self.base), _news(self.variant))
        pairs = enumerate(zip(*sides, strict=False), start=1)
        return next((turn for turn, (ours, theirs) in pairs if ours != theirs), None)

    def milestones(self) -> dict[str, tuple[int, int]]:
        """The turn in which each milestone was reached, 0 for never, where it is not the same."""
        return _differing(*(_reached(side) for side in (self.base, self.variant)))

    def peaks(self) -> dict[str, tuple[int, int]]:
        """The highest stage of each dyad, where it is not the same."""
        return _differing(*(_peaks(side) for side in (self.base, self.variant)))


def pair_of_runs(batch: Batch, policy: str, run: int) -> Pair:
    """A run of the baseline and its twin under a policy, both played again.

    Raises WargameError if the batch has no such policy or no such run.
    """
    if policy == BASELINE or policy not in batch.headers:
        known = [name for name in batch.headers if name != BASELINE]
        raise WargameError(f"{batch.folder}: {no_such('policy', policy, known)}")
    with batch.journal() as journal:
        runs = journal.plan.runs
    if run not in runs:
        raise WargameError(f"{batch.folder} has runs {runs.start} to {runs.stop - 1}, not {run}")
    base, variant = (batch_run(batch, run, name).playthrough for name in (BASELINE, policy))
    return base, variant


def discordant_run(batch: Batch, policy: str) -> int:
    """The first run that makes the policy's most frequent exchange of endings.

    Raises WargameError if the policy moved no run to another ending.
    """
    study = batch.summary.study
    flows = study[policy].transitions if study else ()
    flows = tuple(f for f in flows if {f.base, f.variant} <= set(batch.header.endings))
    if not flows:
        raise WargameError(f"{policy} moved no run to another ending")
    busiest = max(flows, key=lambda flow: flow.count)
    names = batch.header.endings
    ours, theirs = names.index(busiest.base), names.index(busiest.variant)
    with batch.journal() as journal:
        sides = (windows(journal, name, ["ending"]) for name in (BASELINE, policy))
        for one, other in zip(*sides, strict=True):
            runs, here, there = np.intersect1d(one.runs, other.runs, True, True)
            if not runs.size:
                continue
            made = (one.columns["ending"][here] == ours) & (
                other.columns["ending"][there] == theirs
            )
            if made.any():
                return int(runs[made.argmax()])
    raise WargameError(f"{batch.folder} holds no such run")  # only if it was changed meanwhile


def divergence(base: Playthrough, variant: Playthrough) -> Divergence:
    """Where two runs part."""
    names = [name for name in base.scenario.gauge_names() if name in variant.worlds[0].names]
    opening = _differing(
        *({name: int(side.worlds[0][name][0]) for name in names} for side in (base, variant))
    )
    return Divergence(base, variant, opening, tuple(_departures(base, variant)))


def _departures(base: Playthrough, variant: Playthrough) -> Iterator[Departure]:
    for turn, records in enumerate(zip(base.records, variant.records, strict=False), start=1):
        for actor in base.scenario.header.actors:
            ours, theirs = (
                sorted(
                    side.scenario.header.moves[actor][m]
                    for m in record.orders[actor][:, 0]
                    if m >= 0
                )
                for side, record in zip((base, variant), records, strict=True)
            )
            if ours != theirs:
                yield Departure(explain(base, turn, actor), explain(variant, turn, actor))


def _news(side: Playthrough) -> Iterator[set[str]]:
    """What happened in each turn."""
    names = side.scenario.header.happenings
    for record in side.records:
        yield {name for name, came in zip(names, record.happened[:, 0], strict=True) if came}


def _option(explanation: Explanation, move: str) -> Option | None:
    return next((option for option in explanation.options if option.move == move), None)


def _differing(ours: dict[str, int], theirs: dict[str, int]) -> dict[str, tuple[int, int]]:
    return {
        name: (ours[name], theirs[name])
        for name in ours
        if name in theirs and ours[name] != theirs[name]
    }


def _reached(side: Playthrough) -> dict[str, int]:
    reached = side.records[-1].reached[:, 0]
    return dict(zip(side.scenario.header.milestones, map(int, reached), strict=True))


def _peaks(side: Playthrough) -> dict[str, int]:
    stages = np.array([record.stage[:, 0] for record in side.records])
    return dict(zip(side.scenario.header.dyads, map(int, stages.max(axis=0)), strict=True))
