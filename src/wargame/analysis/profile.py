"""The shape of a variant's runs: when they end, how high they climb, what they drew.

Read from the journal chunk by chunk; only the sample grows with the runs, up to a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wargame.batches.batch import Batch
from wargame.batches.store.plan import BASELINE

Ints = npt.NDArray[np.int64]

FEWEST = 400  # runs, below which nothing is said of what drives an ending

SAMPLE = 20_000  # runs: enough for the search for regions, and a second's work for it


@dataclass(frozen=True, eq=False)
class Profile:
    """Counts of one variant's runs, and the first of them in full.

    ended: for each ending, runs by turn 0..horizon. peaks: for each dyad, runs by highest stage
    1..9. unknowns: what each run of the sample drew. happened: for each ending and milestone,
    whether each run of the sample came to it.
    """

    variant: str
    runs: int
    ended: Mapping[str, Ints]
    peaks: Mapping[str, Ints]
    unknowns: Mapping[str, Ints]
    happened: Mapping[str, npt.NDArray[np.bool_]]

    @property
    def varied(self) -> dict[str, Ints]:
        """The unknowns that differ between runs of the sample, by name."""
        return {k: x for k, x in self.unknowns.items() if x.size and x.min() != x.max()}

    @property
    def telling(self) -> tuple[str, ...]:
        """The endings and milestones of which the sample can say what drives them."""
        if not self.varied:
            return ()
        return tuple(k for k, it in self.happened.items() if it.size >= FEWEST and it.sum() >= 20)


def profile(batch: Batch, variant: str = BASELINE, sample: int = SAMPLE) -> Profile:
    """Add up the runs of `variant` that have been played. Raises KeyError for an unknown one."""
    header = batch.headers[variant]
    ended = np.zeros((len(header.endings), header.horizon + 1), dtype=np.int64)
    peaks = np.zeros((len(header.dyads), 10), dtype=np.int64)
    kept: dict[str, list[Ints]] = {
        name: []
        for name in (
            "ending",
            *(f"reached.{m}" for m in header.milestones),
            *(f"unknown.{u}" for u in header.unknowns),
        )
    }
    runs = have = 0
    for numbers, columns in batch.columns(variant):
        runs += len(numbers)
        np.add.at(ended, (columns["ending"], columns["turn"]), 1)
        for row, dyad in zip(peaks, header.dyads, strict=True):
            row += np.bincount(columns[f"peak.{dyad}"], minlength=10)
        if have < sample:
            for name, parts in kept.items():
                parts.append(columns[name][: sample - have].astype(np.int64))
            have += min(len(numbers), sample - have)
    drawn = {
        name: np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        for name, parts in kept.items()
    }
    return Profile(
        variant=variant,
        runs=runs,
        ended=dict(zip(header.endings, ended, strict=True)),
        peaks={dyad: row[1:] for dyad, row in zip(header.dyads, peaks, strict=True)},
        unknowns={name: drawn[f"unknown.{name}"] for name in header.unknowns},
        happened={
            **{name: drawn["ending"] == i for i, name in enumerate(header.endings)},
            **{name: drawn[f"reached.{name}"] > 0 for name in header.milestones},
        },
    )
