"""The same chunks on a Dask cluster: same digests, whatever dies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import quarrel
from toy_play import execute, toy_plan

import wargame
from wargame.batches.batch import Batch, run_batch
from wargame.batches.runners import dask_runner
from wargame.batches.runners.dask_runner import DaskRunner
from wargame.batches.runners.scheduler import Progress, Unplayable
from wargame.batches.store.folder import PARQUET, TALLY
from wargame.batches.store.journal import Journal
from wargame.batches.store.plan import Plan
from wargame.cli.main import main
from wargame.errors import WargameError

distributed = pytest.importorskip("distributed")

HERE = Path(__file__).resolve().parent
PATHS = os.pathsep.join([str(quarrel.SOURCE), str(HERE)])
ASKED: dict[str, Any] = {"policies": ["no-talks", "whisper"], "runs": 1200}


@pytest.fixture(scope="module")
def local() -> Iterator[str]:
    """The address of a cluster of two workers on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", PATHS)
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as found:
            yield found.scheduler_address


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(quarrel.write(tmp_path))
    return tmp_path


def plan_of(runs: int = 400, chunk: int = 50, **settings: Any) -> Plan:
    return replace(toy_plan(runs, chunk, **settings), engine=wargame.__version__)


def execute_on_cluster(
    plan: Plan, play: str, journal: Journal, address: str, prepare: str | None = None
) -> Progress:
    with DaskRunner(address, play, prepare) as runner:
        return runner.play(plan, journal)


def files(batch: Batch) -> dict[str, bytes]:
    return {name: (batch.folder / name).read_bytes() for name in (TALLY, PARQUET)}


# ------------------------------------------------------------------------------ a LocalCluster


def test_a_batch_on_a_cluster_has_the_bytes_of_one_at_home(local: str, place: Path) -> None:
    away = run_batch("quarrel", cluster=local, out="away", **ASKED)
    home = run_batch("quarrel", out="home", **ASKED)
    assert files(away) == files(home)


def test_a_rare_share_on_a_cluster_is_the_one_at_home(
    local: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["rare", "quarrel", "--state", "War", "--replicates", "6", "--effort", "20", "--json"]
    told = []
    for where in (["--cluster", local], ["--jobs", "1"]):
        assert main([*words, *where]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


def test_precision_is_reached_at_the_same_run(local: str, place: Path) -> None:
    away = run_batch("quarrel", until=0.04, cluster=local, out="away")
    home = run_batch("quarrel", until=0.04, out="home")
    assert files(away) == files(home)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("raisers", "ZeroDivisionError: no gauge may divide by zero"),
        ("killers", "its worker was killed by SIGKILL (out of memory?)"),
    ],
)
def test_a_run_that_fails_costs_no_other(
    local: str, tmp_path: Path, fault: str, reason: str
) -> None:
    plan = plan_of(20, 4, **{fault: [9]})
    with Journal.create(tmp_path / "journal.sqlite", plan) as journal:
        progress = execute_on_cluster(plan, "toy_play:touchy", journal, local)
        assert (progress.played, progress.failed) == (57, 3)
        assert {(failed.run, failed.reason) for failed in journal.failed()} == {(9, reason)}
        with Journal.create(tmp_path / "home.sqlite", plan) as home:
            execute(plan, "toy_play:touchy", home, jobs=2)
            assert journal.digest() == home.digest()


def test_what_was_played_at_home_is_not_played_again(local: str, tmp_path: Path) -> None:
    plan = plan_of()
    reports: list[Progress] = []
    with Journal.create(tmp_path / "journal.sqlite", plan) as journal:
        half = execute(
            plan,
            "toy_play:tally",
            journal,
            on_progress=reports.append,
            should_stop=lambda: bool(reports) and reports[-1].played >= 600,
        )
        progress = execute_on_cluster(plan, "toy_play:tally", journal, local)
        assert progress.complete and progress.fresh == 1200 - half.played
        with Journal.create(tmp_path / "quiet.sqlite", plan) as quiet:
            execute(plan, "toy_play:tally", quiet)
            assert journal.digest() == quiet.digest()


def test_no_process_is_left_behind(local: str, tmp_path: Path) -> None:
    plan = plan_of()
    with Journal.create(tmp_path / "journal.sqlite", plan) as journal:
        execute_on_cluster(plan, "toy_play:tally", journal, local)
    with distributed.Client(local, set_as_default=False) as client:
        assert set(client.run(lambda: len(dask_runner._players)).values()) == {0}


def test_a_worker_of_another_version_plays_nothing(local: str, tmp_path: Path) -> None:
    plan = replace(plan_of(), engine="99.0")
    with Journal.create(tmp_path / "journal.sqlite", plan) as journal:
        with pytest.raises(Unplayable, match=r"a worker has version .*, not 99\.0"):
            execute_on_cluster(plan, "toy_play:tally", journal, local)
        assert sum(count.played for count in journal.counts().values()) == 0


def test_what_cannot_be_played_is_told(local: str, tmp_path: Path) -> None:
    plan = plan_of()
    with Journal.create(tmp_path / "journal.sqlite", plan) as journal:
        with pytest.raises(Unplayable, match="cannot be found"):
            execute_on_cluster(plan, "toy_play:nothing", journal, local)
        with pytest.raises(Unplayable, match="no such overlay"):
            execute_on_cluster(
                plan, "toy_play:tally", journal, local, prepare="toy_play:unprepared"
            )


# ------------------------------------------------------------------------------ real processes


@contextmanager
def process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of the cluster, as somebody would start it on a machine of its own."""
    started = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
        env={**os.environ, "PYTHONPATH": PATHS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def machines(workers: int) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler and so many workers: the address, and their processes, the scheduler first."""
    with ExitStack() as stack:
        scheduler = stack.enter_context(
            process("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        )
        assert scheduler.stderr
        address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        started = [
            stack.enter_context(process("dask_worker", address, *options)) for _ in range(workers)
        ]
        if workers:
            with distributed.Client(address, set_as_default=False) as client:
                client.wait_for_workers(workers)
        yield address, [scheduler, *started]


def kill(victim: subprocess.Popen[str], at: int) -> Any:
    """A watcher that kills a process of the cluster once so many runs have been played."""

    def watch(progress: Progress) -> None:
        if progress.played >= at and victim.poll() is None:
            victim.kill()
            victim.wait()

    return watch


def test_a_worker_killed_in_the_midst_costs_nothing_and_a_lost_cluster_no_result(
    place: Path,
) -> None:
    home = run_batch("quarrel", out="home", **ASKED)
    with machines(workers=2) as (address, (scheduler, first, _)):
        away = run_batch(
            "quarrel", cluster=address, out="away", on_progress=kill(first, at=300), **ASKED
        )
        assert first.returncode == -9
        assert files(away) == files(home)

        with pytest.raises(WargameError, match="can be resumed"):
            run_batch(
                "quarrel",
                cluster=address,
                out="lost",
                on_progress=kill(scheduler, at=300),
                **ASKED,
            )
    assert not Batch.open("lost").complete
    done, total = Batch.open("lost").counts()
    assert 300 <= done < total
    assert files(run_batch("quarrel", out="lost", resume=True)) == files(home)


def test_a_cluster_that_is_not_there(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dask_runner, "CONNECT", 0.2)
    for address, told in (
        ("tcp://127.0.0.1:1", "there is no cluster at tcp://127.0.0.1:1"),
        ("nonsense", "there is no cluster at nonsense"),
        ("http://127.0.0.1:1", "there is no cluster at http://127.0.0.1:1"),
    ):
        assert main(["batch", "quarrel", "--cluster", address, "--out", "out"]) == 2
        error = capsys.readouterr().err
        assert told in error and len(error.splitlines()) == 1
        assert not Path("out").exists()


def test_a_cluster_without_workers(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with machines(workers=0) as (address, _):
        monkeypatch.setattr(dask_runner, "CONNECT", 2.0)
        with pytest.raises(WargameError, match="has no workers"):
            run_batch("quarrel", cluster=address, out="out")
    assert not Path("out").exists()


def test_without_the_extra(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WargameError, match=r"wargame\[cluster\]"):
        run_batch("quarrel", cluster="tcp://127.0.0.1:8786")
