"""A batch: variants of a scenario under the same luck, played to a folder that is the result.

The folder holds the exact inputs, a journal (the truth, from the first chunk on), and, once all
is played, ``tally.json`` and, where pyarrow is installed, ``runs.parquet``.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from wargame.backends.levels import machine
from wargame.batches.parquet import export
from wargame.batches.recipe import Recipe
from wargame.batches.request import Programs, Request
from wargame.batches.results import Summary, Tally, looks, summarise
from wargame.batches.runners.runner import Runner
from wargame.batches.runners.scheduler import Progress
from wargame.batches.stood_in import StoodIn, standing_in, stood_in
from wargame.batches.store.columns import Columns
from wargame.batches.store.folder import (
    JOURNAL,
    PARQUET,
    TALLY,
    inputs_digest,
    is_begun,
    new_folder,
    read_inputs,
    read_json,
    write_inputs,
    write_json,
    write_manifest,
)
from wargame.batches.store.journal import Journal
from wargame.batches.store.plan import BASELINE, Plan
from wargame.batches.variants import Variants
from wargame.batches.whole import check, finish
from wargame.boundary.files import home
from wargame.compiler.cached import compiled
from wargame.content.spec import Spec
from wargame.engine.record import RunHeader
from wargame.errors import StoreError, WargameError
from wargame.statistics.anytime import LEAST_RUNS, Look, Stop, stop_on_precision
from wargame.statistics.result import say

Report = Callable[[Progress], object]


@dataclass(frozen=True)
class Batch:
    """A folder of results, complete or under way.

    headers: by variant, the baseline first. expect: for each policy that says so, in which
    direction endings and milestones move. until: the precision asked for. sealed: False for a
    folder that was opened and could not be checked as a whole.
    """

    folder: Path
    headers: Mapping[str, RunHeader]
    expect: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    until: float | None = None
    sealed: bool = True

    @property
    def header(self) -> RunHeader:
        """The header of the first variant."""
        return next(iter(self.headers.values()))

    @property
    def complete(self) -> bool:
        """Whether all that was asked for has been played."""
        return (self.folder / TALLY).is_file()

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Batch:
        """A folder that was begun before, checked as a whole.

        Raises StoreError, in one line, if it is none, if part of it is missing or damaged, or if
        its parts are of several batches.
        """
        from wargame.batches.manifest import read_manifest  # late: who plays reads none

        path = home(folder)
        manifest = read_manifest(path)
        headers = {name: shape.header() for name, shape in manifest.headers.items()}
        sealed = check(path, manifest, headers)
        return cls(path, headers, manifest.expect, manifest.asked.until, sealed)

    def inputs(self, variant: str = BASELINE) -> dict[str, str]:
        """The exact texts that a variant was made of."""
        return read_inputs(self.folder, "" if variant == BASELINE else variant)

    def spec(self, variant: str = BASELINE) -> Spec:
        """The variant as it was loaded."""
        return compiled(self.inputs(variant)).spec

    def journal(self) -> Journal:
        """The journal, to read from; the caller closes it."""
        return Journal.read(self.folder / JOURNAL)

    def columns(
        self, variant: str, names: Sequence[str] | None = None
    ) -> Iterator[tuple[range, Columns]]:
        """Results in stored chunks: their run numbers and columns (see `playing.layout`)."""
        with self.journal() as journal:
            yield from journal.results(variant, names)

    @cached_property
    def summary(self) -> Summary:
        """All counts and comparisons, read once."""
        with self.journal() as journal:
            found = summarise(journal, self.headers, self.conditionals)
        if not found.failures:
            return found
        again = Recipe.of_folder(self.folder, self.headers)
        failures = tuple(
            replace(one, command=again.run(one.variant, one.run, self.header.seed, self.seats))
            for one in found.failures
            if one.variant in self.headers
        )
        return replace(found, failures=failures)

    def digest(self) -> str:
        """A hash over every result, the same however it was played; every chunk is read for it.

        Raises StoreError if a chunk is not as it was stored, or the tally says something else.
        """
        with self.journal() as journal:
            found = journal.digest()
        if self.complete:
            keys = ("policy", "runs", "failed", "digest")
            told = [
                [row.get(key) for key in keys] for row in read_json(self.folder / TALLY)["results"]
            ]
            if told != [[getattr(tally, key) for key in keys] for tally in self.tallies()]:
                raise StoreError(f"{self.folder}: {TALLY} is not that of the batch")
        return found

    def counts(self) -> tuple[int, int]:
        """How many runs are done, failed ones included, and how many there are to be."""
        with self.journal() as journal:
            done = journal.counts().values()
            return sum(count.played + count.failed for count in done), len(journal.plan)

    @property
    def conditionals(self) -> tuple[str, ...]:
        """The shares given a condition of which any policy says something."""
        named = (name for directions in self.expect.values() for name in directions)
        known = set.intersection(*({*h.endings, *h.milestones} for h in self.headers.values()))
        # Of a stranger's manifest, anything may be expected.
        return tuple(dict.fromkeys(n for n in named if "|" in n and known >= {*n.split("|")}))

    def tally(self, variant: str = BASELINE) -> Tally:
        """How the runs of a variant ended. Raises KeyError if there is no such variant."""
        return dict(zip(self.headers, self.summary.tallies, strict=True))[variant]

    def tallies(self) -> list[Tally]:
        """The tallies of all variants, in the plan's order."""
        return list(self.summary.tallies)

    @property
    def seats(self) -> tuple[str, ...]:
        """The actors that programs played."""
        return self._asked.seats or ()

    @cached_property
    def stood_in(self) -> tuple[StoodIn, ...]:
        """How often rules stood in for each seat's program, by variant and seat."""
        return tuple(
            found
            for name in self.headers
            for actor in self.seats
            if (found := stood_in(self.columns(name, standing_in(actor)), name, actor))
        )

    @property
    def worldview(self) -> str:
        """What was believed about the world, "" for the scenario as it is written."""
        return self._asked.worldview or ""

    @cached_property
    def _asked(self) -> Request:
        return Request.of_folder(self.folder)

    def unchecked(self, lang: str = "en") -> str:
        """That a finished folder could not be checked as a whole, and why; "" if it could."""
        if self.sealed or not self.complete:
            return ""
        return say(
            lang,
            en=f"{self.folder} was written by version 0.1.0 or has lost its seal: each part was "
            "checked, but not that none was exchanged.",
            ja=f"{self.folder}はバージョン0.1.0で書かれたか、封印を失っている。各部分は確認したが、"
            "全体として入れ替えがないことは確認できない。",
        )

    def held_by_programs(self, lang: str = "en") -> str:
        """Which actors programs played, and what that means for the digest; "" if none."""
        if not self.seats:
            return ""
        actors = ", ".join(self.seats)
        return say(
            lang,
            en=f"Programs played {actors}. What they ordered stands in the log of each run, which "
            "replays without them; played again, the batch has the same digest only if they "
            "answer the same.",
            ja=f"外部プログラムが担当：{actors}。その命令は各実行の記録にあり、プログラムなしで再生できる。"
            "同じダイジェストになるのは、プログラムが同じ回答をする場合に限られる。",
        )

    @property
    def stop(self) -> Stop | None:
        """How near the batch came to the precision asked for, if one was."""
        return _stop(self.summary, self.until) if self.until else None

    def to_json(self) -> dict[str, Any]:
        """What ``wargame batch --json`` prints."""
        return {**self.tallied(), "out": str(self.folder)}

    def tallied(self) -> dict[str, Any]:
        """What the batch says, as plain JSON values, wherever its folder lies."""
        stop = self.stop
        return {
            "schema": 1,
            "scenario": self.header.scenario,
            "digest": self.header.digest,
            "seed": self.header.seed,
            **self.summary.to_json(),
            **({"precision": stop.to_json()} if stop else {}),
            **({"programs": [found.to_json() for found in self.stood_in]} if self.seats else {}),
        }


class Interrupted(KeyboardInterrupt):
    """A batch was stopped by Ctrl-C; what has been played is in its folder."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(f"{batch.folder}: interrupted")
        self.batch = batch


def run_batch(
    scenario: str,
    *,
    policies: Sequence[str] | None = None,
    worldview: str | None = None,
    runs: int | None = None,
    seed: int | None = None,
    until: float | None = None,
    jobs: int = 1,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    retry: bool = False,
    cluster: str | None = None,
    programs: Programs | None = None,
    on_progress: Report | None = None,
    on_look: Callable[[tuple[Look, ...]], object] | None = None,
) -> Batch:
    """Play the baseline and each policy (``a+b`` composes two) under the same luck.

    runs: of each variant, 1000 where nothing is said. until: play until every interval of an
    ending is at most so far from its middle, and `runs` at most. worldview: laid over the
    baseline too. out: the folder; a new one below ``runs/`` where nothing is said.
    resume: go on with a folder that was interrupted; what is not said here is as it was begun,
    what is said must not contradict it. retry: with resume, play runs that failed again.
    cluster: the address of a Dask scheduler whose workers play in place of `jobs` processes.
    programs: who play seats, as `seats.play.Programs.of` names them; each run then keeps a
    turn log (`folder.run_log`).
    on_look: called now and then with intervals that may be looked at while the batch runs.

    Raises SpecError for faults in any file before the first run, WargameError for numbers that
    make no sense, StoreError for a folder that cannot be used, Interrupted after Ctrl-C.
    """
    chosen = None if policies is None else tuple(policies)
    seats = tuple(programs.named) if programs else None
    request = Request(scenario, chosen, worldview, runs, seed, until, seats, programs)
    request = request.resumed(out) if resume else request
    with request.runner(jobs, cluster) as runner:
        return play_batch(request, runner, out, resume, retry, on_progress, on_look)


def play_batch(
    request: Request,
    runner: Runner,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    retry: bool = False,
    on_progress: Report | None = None,
    on_look: Callable[[tuple[Look, ...]], object] | None = None,
) -> Batch:
    """Play what is asked for, by whom `request.runner` gave; see `run_batch`."""
    if retry and not resume:
        raise WargameError("failed runs are played again only when a batch is resumed")
    goes_on = resume and is_begun(out)
    request.check()
    variants = Variants(request)
    runner.reach()
    if request.programs:
        request.programs.rehearse(compiled(variants.specs[BASELINE].inputs))
    with _opened(variants, out, resume, goes_on) as (batch, journal):
        if retry:
            journal.forgive()
        if next(journal.pending(), None):
            (batch.folder / PARQUET).unlink(missing_ok=True)

        def play(plan: Plan) -> Progress:
            report = _watch(journal, batch, on_progress, on_look)
            if request.seats:  # the logs of their runs are kept there
                plan = plan.with_settings(folder=str(batch.folder))
            return runner.play(plan, journal, on_progress=report)

        with _interruptible(batch):
            _play(variants, batch, journal, runner.jobs, play)
    runner.end()
    with _interruptible(batch):
        with batch.journal() as journal:
            export(journal, batch.headers, batch.folder / PARQUET)
        tally = batch.tallied()
        with Journal.resume(batch.folder / JOURNAL, journal.plan) as journal:
            finish(batch.folder, journal, tally)
        write_json(batch.folder / TALLY, tally)
    return batch


@contextmanager
def _interruptible(batch: Batch) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(batch) from None


def _play(
    variants: Variants,
    batch: Batch,
    journal: Journal,
    jobs: int,
    play: Callable[[Plan], Progress],
) -> None:
    """Play all that is asked for; with a precision asked for, in rounds until it is reached.

    Each round is planned from the counts of the one before, so all variants stop at the same
    run, and at the same one whatever the jobs, the chunks and the interruptions.
    """
    runs = len(journal.plan.runs)
    while True:
        play(variants.plan(runs, jobs))
        if batch.until is None:
            return
        stop = _stop(summarise(journal, batch.headers), batch.until)
        if stop.reached or runs >= variants.request.most:
            return
        # A little more than is needed by the formula saves a round that would lack a few runs.
        ahead = math.ceil((runs + 1.02 * stop.more) / 100) * 100
        runs = min(max(ahead, runs + 100), variants.request.most)


def _stop(summary: Summary, target: float) -> Stop:
    counts = {tally.policy: tally.endings for tally in summary.tallies}
    return stop_on_precision(counts, min(tally.runs for tally in summary.tallies), target)


LOOK_AGAIN = 1.5
"""A look at the batch follows when it has grown by this factor: all looks cost about two."""


def _watch(
    journal: Journal,
    batch: Batch,
    on_progress: Report | None,
    on_look: Callable[[tuple[Look, ...]], object] | None,
) -> Report:
    due = len(batch.headers) * LEAST_RUNS

    def report(progress: Progress) -> None:
        nonlocal due
        if on_look and progress.fresh and progress.played >= due:
            due = math.ceil(progress.played * LOOK_AGAIN)
            on_look(looks(journal, batch.headers))
        if on_progress:
            on_progress(progress)

    return report


@contextmanager
def _opened(
    variants: Variants, out: str | os.PathLike[str] | None, resume: bool, goes_on: bool
) -> Iterator[tuple[Batch, Journal]]:
    """The folder and its journal, begun or gone on with."""
    request = variants.request
    first = request.most if request.until is None else min(LEAST_RUNS, request.most)

    def batch(folder: Path) -> Batch:
        return Batch(folder, variants.headers, variants.expect, request.until)

    if goes_on and out is not None:
        folder = home(out)
        journal = _resumed(folder / JOURNAL, variants, first)
        with journal:
            journal.reopen()
            (folder / TALLY).unlink(missing_ok=True)
            write_manifest(folder, _manifest(variants, folder))
            yield batch(folder), journal
        return
    with new_folder(out, variants.base.scenario, left_over=resume) as folder:
        write_inputs(folder, {name: spec.inputs for name, spec in variants.specs.items()})
        write_manifest(folder, _manifest(variants, folder))
        journal = Journal.create(folder / JOURNAL, variants.plan(first, 1))
    with journal:
        yield batch(folder), journal


def _resumed(path: Path, variants: Variants, first: int) -> Journal:
    """The journal to go on with; where rounds have been played, as far as the last one."""
    if not path.exists():
        return Journal.create(path, variants.plan(first, 1))
    if variants.request.until is not None and path.stat().st_size:
        with Journal.read(path, checked=False) as begun:
            first = max(first, len(begun.plan.runs))
    return Journal.resume(path, variants.plan(first, 1))


def _manifest(variants: Variants, folder: Path) -> dict[str, Any]:
    return {
        "schema": 1,
        **variants.to_json(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "inputs": inputs_digest(folder),
        "player": str(machine()),
    }
