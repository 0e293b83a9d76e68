"""Playing a batch: the same results on any number of workers, whatever becomes of them."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_play import execute, tally, toy_plan

from wargame.batches.runners import local_runner as local
from wargame.batches.runners.local_runner import LocalRunner
from wargame.batches.runners.scheduler import Progress, Work
from wargame.batches.runners.thread_runner import ThreadRunner
from wargame.batches.store.columns import pack
from wargame.batches.store.journal import Counts, Journal
from wargame.batches.store.plan import Chunk, Plan
from wargame.errors import StoreError, WargameError


class Play:
    """Plays plans, each into a journal of its own, which stays open until the test ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journals: list[Journal] = []

    def __call__(
        self, plan: Plan, function: Any = "toy_play:touchy", **options: Any
    ) -> tuple[Progress, Journal]:
        journal = Journal.create(self.folder / f"{len(self.journals)}.sqlite", plan)
        self.journals.append(journal)
        return execute(plan, function, journal, **options), journal


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    play = Play(tmp_path)
    yield play
    for journal in play.journals:
        journal.close()


def failures(journal: Journal) -> list[tuple[str, int]]:
    return [(failure.variant, failure.run) for failure in journal.failed()]


VARIANTS = ("a", "a+b", "baseline")


# ------------------------------------------------------------------------------ good weather


@pytest.mark.parametrize(
    ("chunk", "jobs"), [(1, 1), (64, 1), (1000, 1), (1, 2), (7, 2), (64, 2), (7, 3)]
)
def test_chunks_and_jobs_change_nothing(play: Play, chunk: int, jobs: int) -> None:
    runs = 10 if chunk == 1 else 120
    progress, journal = play(toy_plan(runs, chunk), jobs=jobs)
    assert progress.complete and progress.played == 3 * runs and not progress.losses
    for variant in journal.plan.variants:
        parts = [columns for _, columns in journal.results(variant.name)]
        for name, values in tally(journal.plan.task(Chunk(variant.name, 0, runs))).items():
            assert (np.concatenate([part[name] for part in parts]) == values).all()
    assert journal.digest() == play(toy_plan(runs, 13))[1].digest()


def test_a_function_will_do_as_well_as_its_name(play: Play) -> None:
    by_name, by_reference = play(toy_plan())[1], play(toy_plan(), tally, jobs=2)[1]
    assert by_name.digest() == by_reference.digest()
    here = play(toy_plan(), lambda task: tally(task))[1]
    assert here.digest() == by_name.digest()


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_variant_is_prepared_once_in_each_process(
    play: Play, tmp_path: Path, jobs: int
) -> None:
    folder = tmp_path / "prepared"
    folder.mkdir()
    plan = toy_plan(chunk=20, folder=str(folder))
    progress, _ = play(plan, "toy_play:prepared", prepare="toy_play:prepare", jobs=jobs)
    assert progress.complete
    marks = [tuple(mark.name.split("-")[:2]) for mark in folder.iterdir()]
    assert len(set(marks)) == len(marks)
    assert {variant for variant, _ in marks} == set(VARIANTS)
    assert len({process for _, process in marks}) <= jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_runner_prepares_the_baseline_of_every_batch_that_it_plays(
    tmp_path: Path, jobs: int
) -> None:
    folder = tmp_path / "prepared"
    folder.mkdir()
    plan = one_variant(toy_plan(100, 100, folder=str(folder)))
    other = replace(plan, variants=(replace(plan.variants[0], digest="sha-of-another"),))
    with LocalRunner("toy_play:prepared", "toy_play:prepare", jobs) as runner:
        for number, played in enumerate((plan, plan, other), 1):
            with Journal.create(tmp_path / f"{number}.sqlite", played) as journal:
                assert runner.play(played, journal).complete
    assert len(list(folder.iterdir())) == 2


def test_threads_play_as_workers_do_and_prepare_each_variant_once(
    play: Play, tmp_path: Path
) -> None:
    folder = tmp_path / "prepared"
    folder.mkdir()
    plan = toy_plan(200, 10, folder=str(folder))
    with (
        ThreadRunner("toy_play:prepared", "toy_play:prepare", 3) as runner,
        Journal.create(tmp_path / "threads.sqlite", plan) as journal,
    ):
        assert runner.play(plan, journal).complete
        assert len(list(folder.iterdir())) == len(VARIANTS)
        assert journal.digest() == play(toy_plan(200), "toy_play:tally")[1].digest()


def test_a_run_that_fails_in_a_thread_is_found_too(tmp_path: Path) -> None:
    plan = toy_plan(64, 64, raisers=[7, 63], quitters=[12])
    with Journal.create(tmp_path / "threads.sqlite", plan) as journal:
        ThreadRunner("toy_play:touchy", jobs=2).play(plan, journal)
        assert failures(journal) == [(v, run) for v in VARIANTS for run in (7, 12, 63)]


def test_threads_begin_no_more_once_they_are_told_to_stop(tmp_path: Path) -> None:
    plan = toy_plan(200, 10)
    seen: list[Progress] = []
    with Journal.create(tmp_path / "threads.sqlite", plan) as journal:
        runner = ThreadRunner("toy_play:tally", jobs=2)
        told = runner.play(
            plan, journal, on_progress=seen.append, should_stop=lambda: seen[-1].played >= 50
        )
        assert 50 <= told.played <= 70 and not told.complete
        assert runner.play(plan, journal).complete


def test_workers_carry_no_luggage(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    _, journal = play(toy_plan(chunk=50), "toy_play:luggage", jobs=2)
    for variant in VARIANTS:
        for _, columns in journal.results(variant):
            assert not columns["heavy"].any(), "a worker has imported what it does not need"
            assert (columns["threads"] == 1).all()
            assert (columns["parent"] == os.getpid()).all()
            # Ctrl-C in a terminal reaches the batch, which answers for its workers.
            assert (columns["session"] == columns["process"]).all()


def test_no_more_workers_than_there_are_chunks(play: Play) -> None:
    _, journal = play(one_variant(toy_plan(10)), "toy_play:luggage", jobs=50)
    ((_, columns),) = journal.results("baseline")
    assert len(set(columns["process"])) == 1


# ------------------------------------------------------------------------------ foul weather


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("killers", "its worker was killed by SIGKILL (out of memory?)"),
        ("leavers", "its worker ended with exit code 3"),
        ("quitters", "SystemExit: I quit"),
        ("raisers", "ZeroDivisionError: no gauge may divide by zero"),
        ("gluttons", "MemoryError:"),
    ],
)
def test_a_run_that_always_fails_is_found_and_everything_else_is_kept(
    play: Play, fault: str, reason: str
) -> None:
    plan = one_variant(toy_plan(40, 20, **{fault: [17]}))
    progress, journal = play(plan, jobs=2)
    (failure,) = journal.failed()
    assert (failure.variant, failure.run, failure.reason) == ("baseline", 17, reason)
    assert progress.complete and (progress.played, progress.failed) == (39, 1)
    _, quiet = play(plan, "toy_play:tally")
    assert (turns(journal, "baseline") == np.delete(turns(quiet, "baseline"), 17)).all()
    assert journal.digest() == play(replace(plan, chunk=9), jobs=3)[1].digest()


def one_variant(plan: Plan) -> Plan:
    return replace(plan, variants=plan.variants[:1])


def turns(journal: Journal, variant: str) -> Any:
    return np.concatenate([columns["turn"] for _, columns in journal.results(variant)])


@pytest.mark.parametrize("fault", ["quitters", "raisers", "gluttons"])
def test_in_this_process_too(play: Play, fault: str) -> None:
    _, journal = play(toy_plan(200, 100, **{fault: [0, 99, 150]}))
    assert failures(journal) == [(v, run) for v in VARIANTS for run in (0, 99, 150)]


@pytest.mark.parametrize("chunk", [1, 10])
def test_whoever_dies_once_is_given_another_chance(play: Play, tmp_path: Path, chunk: int) -> None:
    plan = toy_plan(12, chunk, once=[7], folder=str(tmp_path))
    progress, journal = play(plan, jobs=2)
    assert progress.losses == 1 and progress.complete and not progress.failed
    assert journal.digest() == play(toy_plan(12), "toy_play:tally")[1].digest()


def test_a_worker_that_is_stopped_is_given_up_and_one_that_is_slow_is_not(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "PATIENCE", 2.0)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    plan = toy_plan(20, 10, stopped=[0], slow=[15], folder=str(tmp_path), pipe=str(pipe))
    open_ends = []

    def let_the_slow_one_go_on(progress: Progress) -> None:
        if progress.losses and not open_ends:
            open_ends.append(os.open(pipe, os.O_WRONLY))

    progress, journal = play(one_variant(plan), jobs=2, on_progress=let_the_slow_one_go_on)
    os.close(open_ends[0])
    assert progress.complete and not progress.failed
    assert progress.losses == 1, "the slow one has kept its chunk for as long"
    assert journal.digest() == play(one_variant(toy_plan(20)), "toy_play:tally")[1].digest()


def test_neighbours_that_all_fail_are_told_apart(play: Play) -> None:
    _, journal = play(toy_plan(64, 64, raisers=[*range(10, 20), 63]), jobs=2)
    assert failures(journal) == [(v, run) for v in VARIANTS for run in (*range(10, 20), 63)]
    assert all(count == Counts(53, 11) for count in journal.counts().values())


@pytest.mark.parametrize("jobs", [1, 2])
def test_when_everything_fails_the_batch_gives_up(play: Play, jobs: int) -> None:
    with pytest.raises(WargameError, match=r"21 runs have failed.*RuntimeError: the engine is br"):
        play(toy_plan(), "toy_play:doom", jobs=jobs, most_failed=20)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("function", "prepare", "reason"),
    [
        ("toy_play:tally", "toy_play:unprepared", "cannot be prepared: ValueError: no such overl"),
        ("toy_play:text", None, "gave no proper results: column 'ending' holds <U5"),
        ("toy_play:short", None, r"column 'ending' has shape \(1,\), not \(100,\)"),
        ("toy_play:nothing", None, "toy_play:nothing cannot be found: AttributeError"),
        ("no_such_module:f", None, "no_such_module:f cannot be found: ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_played_at_all_is_no_fault_of_a_run(
    play: Play, function: str, prepare: str | None, reason: str, jobs: int
) -> None:
    with pytest.raises(WargameError, match=reason):
        play(toy_plan(), function, prepare=prepare, jobs=jobs)
    assert set(play.journals[0].counts().values()) == {Counts(0, 0)}


def test_workers_that_cannot_even_start_are_told(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(WargameError, match="no worker can be started: its worker ended with exit"):
        play(toy_plan(), jobs=2)


def test_what_workers_cannot_import_is_refused(play: Play) -> None:
    with pytest.raises(WargameError, match="workers can only play what they can import"):
        play(toy_plan(), lambda task: tally(task), jobs=2)
    with pytest.raises(WargameError, match="at least one job, not 0"):
        play(toy_plan(), jobs=0)


def test_a_plan_that_is_not_the_journals_is_refused(play: Play) -> None:
    _, journal = play(toy_plan(10))
    with pytest.raises(StoreError, match="another seed"):
        execute(replace(toy_plan(10), seed=8), "toy_play:tally", journal)


# ------------------------------------------------------------------------------ stop, go on


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_batch_that_is_asked_to_stop_is_in_balance_and_goes_on(play: Play, jobs: int) -> None:
    asked = []

    def enough() -> bool:
        asked.append(True)
        return len(asked) > 8

    plan = toy_plan(2000, 100)
    progress, journal = play(plan, "toy_play:tally", jobs=jobs, should_stop=enough)
    assert not progress.complete
    played = [count.played for count in journal.counts().values()]
    assert 0 < progress.played == sum(played) < 6000
    assert max(played) - min(played) <= 100 * jobs
    assert execute(plan, "toy_play:tally", journal, jobs=jobs).complete
    assert journal.digest() == play(plan, "toy_play:tally")[1].digest()


def test_more_runs_are_played_in_rounds_with_one_digest(play: Play) -> None:
    progress, journal = play(toy_plan(150), jobs=2)
    for runs in (400, 777):
        progress = execute(toy_plan(runs), "toy_play:tally", journal, jobs=2)
        assert progress.total == 3 * runs and progress.complete
    assert journal.digest() == play(toy_plan(777))[1].digest()


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_leaves_a_batch_that_goes_on(play: Play, jobs: int) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.played >= 600:
            raise KeyboardInterrupt

    plan = toy_plan()
    with pytest.raises(KeyboardInterrupt):
        play(plan, jobs=jobs, on_progress=interrupt)
    journal = play.journals[0]
    assert sum(count.played for count in journal.counts().values()) == 600
    assert execute(plan, "toy_play:tally", journal).fresh == 2400
    assert journal.digest() == play(plan)[1].digest()


# ------------------------------------------------------------------------------ progress


def test_progress_tells_rate_and_time_left(tmp_path: Path) -> None:
    now = iter(range(0, 1000, 2)).__next__  # two seconds between any two looks at the clock
    seen: list[Progress] = []
    plan = toy_plan(100, 50)
    with Journal.create(tmp_path / "journal.sqlite", plan) as journal:
        journal.fail("a", 99, "earlier")
        work = Work(journal, on_progress=seen.append, clock=now)
        while piece := work.take():
            if len(piece.chunk) == 50 and piece.chunk.start == 0 and piece.chunk.variant == "a":
                work.lose(piece, "?")
            else:
                work.keep(piece, pack(tally(work.task(piece)), len(piece.chunk)))
    first, last = seen[0], seen[-1]
    assert (first.played, first.failed, first.fresh) == (0, 1, 0)
    assert (first.rate, first.remaining, first.complete) == (0.0, None, False)
    assert (last.played, last.failed, last.fresh, last.losses) == (299, 1, 299, 1)
    assert (last.remaining, last.complete) == (0.0, True)
    second = seen[1]
    assert (second.fresh, second.seconds, second.rate) == (50, 2, 25.0)
    assert second.remaining == (300 - 1 - 50) / 25
    assert [p.played + p.failed for p in seen] == sorted(p.played + p.failed for p in seen)


def test_where_no_process_can_be_started_none_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    real, started = subprocess.Popen, []

    def scarce(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
        if started:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        started.append(real(*args, **options))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", scarce)
    with (
        LocalRunner("toy_play:tally", jobs=3) as runner,
        pytest.raises(WargameError, match="no worker can be started: Resource temporarily"),
    ):
        runner.start(3)
    assert started[0].poll() is not None
