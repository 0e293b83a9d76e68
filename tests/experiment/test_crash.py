"""Kill anything at any moment: every run is stored once, and the digest is that of a quiet day."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from toy_play import execute, toy_plan

from wargame.batches.store.journal import Journal

DEADLINE = 60.0
"""Seconds after which something that should happen is held not to; never reached in a good run."""

DRIVER = """
import os, sys
from pathlib import Path
from toy_play import execute, toy_plan
from wargame.batches.store.journal import Journal

path, play, runs, chunk, jobs, pipe, fork = sys.argv[1:]
plan = toy_plan(int(runs), int(chunk), pipe=pipe)
begin = Journal.resume if Path(path).exists() else Journal.create
asked = 0

def leave_a_copy_of_every_connection():
    global asked
    asked += 1
    if fork and asked == 3 and os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
    return False

with begin(path, plan) as journal:
    execute(
        plan, play, journal, jobs=int(jobs), should_stop=leave_a_copy_of_every_connection,
        on_progress=lambda progress: print(progress.played, progress.failed, flush=True),
    )
print("done", flush=True)
"""


@contextmanager
def driver(
    path: Path,
    play: str = "toy_play:tally",
    runs: int = 1000,
    chunk: int = 100,
    jobs: int = 2,
    pipe: Path | str = "",
    fork: str = "",
) -> Iterator[subprocess.Popen[str]]:
    """A process that plays a batch into a journal, or goes on with it; ended with the block."""
    arguments = [path, play, runs, chunk, jobs, pipe, fork]
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(child) for child in children.read_text().split()]


def digest_of_a_quiet_day(folder: Path, runs: int) -> str:
    plan = toy_plan(runs, 5000)
    with Journal.create(folder / "quiet.sqlite", plan) as journal:
        assert execute(plan, "toy_play:tally", journal).complete
        return journal.digest()


def kill_at_random(path: Path, runs: int, chunk: int, kills: int) -> dict[str, int]:
    """Kill the driver or one of its workers, again and again; what was killed how often."""
    luck = random.Random(2022)
    killed = {"driver": 0, "worker": 0}
    while sum(killed.values()) < kills:
        with driver(path, runs=runs, chunk=chunk) as process:
            assert process.stdout
            for line in process.stdout:
                assert line != "done\n", "the batch was over before the killing was"
                if luck.random() < 0.6:
                    continue
                # Not always right after a chunk was stored: at some moment after that.
                select.select([process.stdout], [], [], luck.uniform(0, 0.05))
                workers = workers_of(process)
                if workers and luck.random() < 0.5:
                    with suppress(ProcessLookupError):  # one that was killed before
                        os.kill(luck.choice(workers), signal.SIGKILL)
                        killed["worker"] += 1
                else:
                    killed["driver"] += 1
                    process.kill()
                    break
    return killed


def check(path: Path, runs: int) -> None:
    """Finish a batch that was killed, and compare it with one that was not."""
    plan = toy_plan(runs, 5000)
    with Journal.resume(path, plan) as journal:
        progress = execute(plan, "toy_play:tally", journal, jobs=2)
        assert progress.complete and not progress.failed
        assert progress.fresh < progress.total, "what was played before the kills is kept"
        for variant in plan.variants:
            played = [run for numbers, _ in journal.results(variant.name) for run in numbers]
            assert played == list(plan.runs)
        assert journal.digest() == digest_of_a_quiet_day(path.parent, runs)


def test_twelve_kills(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    killed = kill_at_random(path, runs=20_000, chunk=100, kills=12)
    assert min(killed.values()) > 1
    check(path, runs=20_000)


@pytest.mark.long
def test_two_hundred_kills_over_a_hundred_thousand_runs(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    killed = kill_at_random(path, runs=100_000, chunk=100, kills=200)
    assert min(killed.values()) > 50
    check(path, runs=100_000)


# ------------------------------------------------------------------------------ orphans


@contextmanager
def named_pipe(path: Path) -> Iterator[int]:
    """The reading end of a pipe that workers write into; it ends when the last of them does."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield reader
    finally:
        os.close(reader)


def hear(reader: int) -> bytes:
    """What the workers write next; nothing if none of them is left."""
    ready, _, _ = select.select([reader], [], [], DEADLINE)
    assert ready, "no worker said anything, and not all of them ended"
    return os.read(reader, 1000)


@pytest.mark.parametrize(
    ("how", "fork"),
    [(signal.SIGKILL, ""), (signal.SIGTERM, ""), (signal.SIGINT, ""), (signal.SIGKILL, "fork")],
)
def test_workers_end_with_the_driver_even_in_the_midst_of_a_chunk(
    tmp_path: Path, how: signal.Signals, fork: str
) -> None:
    """Also where a process that the driver forked keeps its connections open."""
    pipe = tmp_path / "pipe"
    with (
        named_pipe(pipe) as reader,
        driver(tmp_path / "journal.sqlite", "toy_play:for_ever", pipe=pipe, fork=fork) as process,
    ):
        heard = b""
        while heard.count(b"playing\n") < 2:
            heard += hear(reader)
        process.send_signal(how)
        process.wait(DEADLINE)
        assert hear(reader) == b"", "a worker plays on"
        assert process.returncode == -how
    with Journal.resume(tmp_path / "journal.sqlite", toy_plan()) as journal:
        assert execute(toy_plan(), "toy_play:tally", journal).complete


def test_a_full_disk_ends_the_batch_and_its_workers(tmp_path: Path) -> None:
    script = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)){DRIVER}"
    arguments: list[Any] = [tmp_path / "journal.sqlite", "toy_play:tally", 20_000, 500, 2, "", ""]
    ended = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert ended.stderr.splitlines()[-1].startswith("wargame.errors.StoreError: ")
    check(tmp_path / "journal.sqlite", 20_000)
