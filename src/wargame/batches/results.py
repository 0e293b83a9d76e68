"""What a batch's journal holds, added up: counts by variant, and pairs under the same luck.

Everything is read once, window by window, so that memory does not grow with the runs. Windows
are cut at fixed run numbers: nothing here depends on the chunks in which the runs were played.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wargame.batches.store.columns import Columns
from wargame.batches.store.journal import FailedRun, Journal
from wargame.engine.record import RunHeader
from wargame.errors import StoreError
from wargame.statistics.anytime import Look, look
from wargame.statistics.compare import Study, study
from wargame.statistics.pairs import Outcomes, Pairs, pair
from wargame.statistics.shares import Share, listed, shares

WINDOW = 50_000
"""Runs of each variant that are held at a time."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Window:
    """What is known of the runs ``start <= run < stop`` of one variant.

    runs: those played, ascending, shape (n,). columns: theirs (`playing.columns_of`), each of
    shape (n,); empty if n is 0. failed: the runs that could not be played.
    """

    start: int
    stop: int
    runs: Ints
    columns: Columns
    failed: Ints

    def outcomes(self, variant: str, header: RunHeader) -> Outcomes:
        """The window as `wargame.statistics` reads it, failed runs included."""
        runs = np.concatenate([self.runs, self.failed])
        order = np.argsort(runs, kind="stable")

        def column(name: str, missing: int) -> Ints:
            known = np.asarray(self.columns.get(name, ()), dtype=np.int64)
            rest = np.full(len(self.failed), missing, dtype=np.int64)
            return np.concatenate([known, rest])[order]

        return Outcomes(
            variant=variant,
            runs=runs[order],
            endings=header.endings,
            ending=column("ending", -1),
            milestones={name: column(f"reached.{name}", 0) > 0 for name in header.milestones},
        )


def windows(
    journal: Journal, variant: str, names: Collection[str] | None = None, size: int = WINDOW
) -> Iterator[Window]:
    """Every window of a variant, from the plan's first run to its last, empty ones included."""
    failed = np.array([failure.run for failure in journal.failed(variant)], dtype=np.int64)
    stored = journal.results(variant, names)
    held = next(stored, None)
    runs = journal.plan.runs
    for start in range(runs.start, runs.stop, size):
        stop = min(start + size, runs.stop)
        parts: list[tuple[range, Columns]] = []
        while held and held[0].start < stop:
            numbers, columns = held
            cut = min(stop, numbers.stop) - numbers.start
            parts.append((numbers[:cut], {name: c[:cut] for name, c in columns.items()}))
            rest = {name: c[cut:] for name, c in columns.items()}
            held = (numbers[cut:], rest) if cut < len(numbers) else next(stored, None)
        known = parts[0][1] if parts else {}
        yield Window(
            start=start,
            stop=stop,
            runs=np.concatenate([np.arange(0), *(np.asarray(numbers) for numbers, _ in parts)]),
            columns={name: np.concatenate([part[name] for _, part in parts]) for name in known},
            failed=failed[np.searchsorted(failed, start) : np.searchsorted(failed, stop)],
        )


@dataclass(frozen=True)
class Turns:
    """When something came, among the runs in which it came: the 10th, 50th, 90th percentile."""

    early: int
    median: int
    late: int

    @classmethod
    def of(cls, counts: Ints) -> Turns | None:
        """From the number of runs by turn; None if it never came."""
        if not counts.any():
            return None
        total = np.cumsum(counts)
        early, median, late = np.searchsorted(total, np.array([0.1, 0.5, 0.9]) * total[-1])
        return cls(int(early), int(median), int(late))


@dataclass(frozen=True)
class Tally:
    """How the runs of one variant ended. `digest` covers every run's number, ending and trail.

    turns: when each ending and each milestone came; those that never came are left out.
    """

    policy: str
    runs: int
    failed: int
    digest: str
    endings: Mapping[str, int]
    milestones: Mapping[str, int]
    turns: Mapping[str, Turns]

    def ending_shares(self) -> tuple[Share, ...]:
        """Shares of the endings, with intervals that hold together at 95 % (exact)."""
        return self._shares(self.endings)

    def milestone_shares(self) -> tuple[Share, ...]:
        """Shares of the milestones, which may overlap, with intervals that hold together."""
        return self._shares(self.milestones)

    def _shares(self, counts: Mapping[str, int]) -> tuple[Share, ...]:
        found = shares(counts, n=self.runs, failed=self.failed)
        return tuple(row for row in found if row.name in counts)

    def to_json(self) -> dict[str, Any]:
        """The tally as the command line prints it."""
        return {
            "policy": self.policy,
            "runs": self.runs,
            "failed": self.failed,
            "digest": self.digest,
            "endings": listed(self.ending_shares()),
            "milestones": listed(self.milestone_shares()),
        }


class _Count:
    """Adds up the windows of one variant."""

    def __init__(self, variant: str, header: RunHeader) -> None:
        self.variant, self.header = variant, header
        self._ended = np.zeros((len(header.endings), header.horizon + 1), dtype=np.int64)
        self._reached = np.zeros((len(header.milestones), header.horizon + 1), dtype=np.int64)
        self._proof = sha256()
        self._runs = self._failed = 0

    def add(self, window: Window) -> None:
        self._failed += len(window.failed)
        if not window.runs.size:
            return
        self._runs += len(window.runs)
        columns = window.columns
        self._check(columns)
        np.add.at(self._ended, (columns["ending"], columns["turn"]), 1)
        for row, name in zip(self._reached, self.header.milestones, strict=True):
            row += np.bincount(columns[f"reached.{name}"], minlength=len(row))
        table = np.empty((len(window.runs), 4), dtype="<u8")
        table[:, 0] = window.runs
        for place, name in enumerate(("ending", "turn", "trail"), start=1):
            table[:, place] = columns[name]
        self._proof.update(table.tobytes())

    def _check(self, columns: Columns) -> None:
        """Raises StoreError if results are of other endings or turns than the header names."""
        endings, horizon = len(self.header.endings), self.header.horizon
        turns = (columns["turn"], *(columns[f"reached.{m}"] for m in self.header.milestones))
        if columns["ending"].max() >= endings or any(c.max() > horizon for c in turns):
            raise StoreError(f"results of {self.variant} are not those of its manifest")

    def tally(self) -> Tally:
        reached = self._reached.copy()
        reached[:, :1] = 0  # turn 0 stands for never
        came = dict(zip(self.header.endings, self._ended, strict=True))
        passed = dict(zip(self.header.milestones, reached, strict=True))
        turns = {name: Turns.of(counts) for name, counts in {**came, **passed}.items()}
        return Tally(
            policy=self.variant,
            runs=self._runs + self._failed,
            failed=self._failed,
            digest=self._proof.hexdigest(),
            endings={name: int(counts.sum()) for name, counts in came.items()},
            milestones={name: int(counts.sum()) for name, counts in passed.items()},
            turns={name: found for name, found in turns.items() if found},
        )


@dataclass(frozen=True)
class Summary:
    """All that a batch says: how each variant's runs ended, and what each policy changed.

    pairs: every variant but the first with the first, run by run.
    """

    tallies: tuple[Tally, ...]
    pairs: tuple[Pairs, ...]
    failures: tuple[FailedRun, ...]

    @cached_property
    def study(self) -> Study | None:
        """Every policy against the baseline; None without policies, or without a pair of runs."""
        paired = [found for found in self.pairs if found.n]
        return study(paired) if paired else None

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        return {
            "results": [tally.to_json() for tally in self.tallies],
            "comparisons": [found.to_json() for found in self.study or ()],
            "turns": {
                tally.policy: {name: vars(turns) for name, turns in tally.turns.items()}
                for tally in self.tallies
            },
            "never_seen": {
                tally.policy: {
                    share.name: share.at_most
                    for share in (*tally.ending_shares(), *tally.milestone_shares())
                    if share.at_most is not None
                }
                for tally in self.tallies
            },
            "failures": [
                {
                    "policy": failure.variant,
                    "run": failure.run,
                    "reason": failure.reason,
                    "command": failure.command,
                }
                for failure in self.failures
            ],
        }


def summarise(
    journal: Journal,
    headers: Mapping[str, RunHeader],
    conditionals: Collection[str] = (),
) -> Summary:
    """Add up a journal. The first of `headers` (by variant) is what the others are paired with.

    conditionals: shares given a condition that are compared as well: `KABOOM|kaboom`.
    """
    counts = [_Count(variant, header) for variant, header in headers.items()]
    total: dict[str, Pairs] = {}
    for window in _together(journal, headers):
        for count, part in zip(counts, window, strict=True):
            count.add(part)
        base, *others = _outcomes(window, headers)
        _add_pairs(total, base, others, conditionals)
    return Summary(
        tallies=tuple(count.tally() for count in counts),
        pairs=tuple(total.values()),
        failures=tuple(journal.failed()),
    )


def looks(journal: Journal, headers: Mapping[str, RunHeader]) -> tuple[Look, ...]:
    """How things stand so far, in a form that may be looked at as often as one likes.

    The first look is at the baseline itself, the others are at each policy against it.
    """
    total: dict[str, Pairs] = {}
    for window in _together(journal, headers):
        sides = _outcomes(window, headers)
        _add_pairs(total, sides[0], sides)
    return tuple(look(found) for found in total.values() if found.n)


def _together(journal: Journal, headers: Mapping[str, RunHeader]) -> Iterator[tuple[Window, ...]]:
    """The same window of all variants, one after another."""
    milestones = {name for header in headers.values() for name in header.milestones}
    names = ["ending", "turn", "trail", *(f"reached.{name}" for name in sorted(milestones))]
    return zip(*(windows(journal, variant, names) for variant in headers), strict=True)


def _outcomes(window: Sequence[Window], headers: Mapping[str, RunHeader]) -> list[Outcomes]:
    return [
        part.outcomes(variant, header)
        for part, (variant, header) in zip(window, headers.items(), strict=True)
    ]


def _add_pairs(
    total: dict[str, Pairs],
    base: Outcomes,
    others: Sequence[Outcomes],
    conditionals: Collection[str] = (),
) -> None:
    for other in others:
        found = pair(base, other, conditionals)
        total[other.variant] = total[other.variant] + found if other.variant in total else found
