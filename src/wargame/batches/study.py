"""A study: many runs played for one answer, stage after stage, each kept until the answer is there.

A stage is a function and the rows that it is played for, as runs, replicates or futures. It is
played by a `Runner` into a journal of its own, the same as that of a batch. A study that was
killed and is begun again finds in them what was played, and plays the rest: since a row depends
on nothing but its stage and its number, the answer is the same to the last bit.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wargame import __version__
from wargame.batches.runners.choice import runner
from wargame.batches.runners.local_runner import LocalRunner
from wargame.batches.runners.runner import Runner
from wargame.batches.runners.scheduler import Progress, Unplayable
from wargame.batches.runners.worker import find
from wargame.batches.store.columns import Columns
from wargame.batches.store.folder import write_json
from wargame.batches.store.journal import Journal
from wargame.batches.store.plan import Plan, Variant, chunk_for
from wargame.boundary import cache, files, foreign
from wargame.errors import StoreError, WargameError
from wargame.replay.log_file import canonical

PLAY = "wargame.batches.study:play"
ASKED = "asked.json"

OnProgress = Callable[[int, int], object]
"""Told how many rows of a stage are done, and how many there are."""


class Study:
    """Plays stages and keeps them. A context manager, at whose end nobody plays any more.

    folder: where each stage has its journal; where there is none, nothing outlasts the study.
    """

    def __init__(
        self, jobs: int = 1, *, cluster: str | None = None, folder: Path | None = None
    ) -> None:
        self.folder = folder
        self.cluster = cluster
        self._runner: Runner = runner(PLAY, jobs=jobs, cluster=cluster)
        self.jobs = self._runner.jobs
        self._here = LocalRunner(PLAY)
        self._stages = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self._runner.end()

    def map(
        self,
        what: str,
        function: str,
        rows: range,
        *,
        about: object,
        settings: Mapping[str, Any],
        of_rows: Mapping[str, NDArray[Any]] | None = None,
        chunk: int | None = None,
        small: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Columns:
        """Play a stage: arrays by name, the first axis of each the rows.

        function: ``package.module:name``; as `worker.Play`, but a column may have further axes.
        about: all that the rows depend on, as plain JSON. settings: what the function needs to
        know. of_rows: what it needs to know of each row, the first axis of each the rows.
        small: not worth starting processes for.

        Raises WargameError, which names it, if a row cannot be played; StoreError if the stage was
        begun with something else, or cannot be kept.
        """
        seen = {name: _digest(values) for name, values in (of_rows or {}).items()}
        variant = Variant(
            name=what,
            digest=sha256(canonical([function, about, seen]).encode()).hexdigest(),
            settings={**settings, "function": function},
            of_rows=of_rows or {},
        )
        players = self._here if small else self._runner
        plan = Plan(
            scenario=sha256(canonical(about).encode()).hexdigest(),
            seed=0,  # it stands in what the stage is about
            engine=__version__,
            variants=(variant,),
            runs=rows,
            chunk=chunk or chunk_for(len(rows), 1, players.jobs),
        )

        def tell(progress: Progress) -> None:
            if on_progress is not None:
                on_progress(progress.played, progress.total)

        with self.journal(what, plan) as journal:
            journal.forgive()
            try:
                players.play(plan, journal, on_progress=tell, most_failed=0)
            except Unplayable as error:
                if isinstance(error.__cause__, WargameError):
                    raise error.__cause__ from None
                raise
            parts = [columns for _, columns in journal.results(what)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def journal(self, what: str, plan: Plan) -> Journal:
        """The journal of the next stage, begun or to go on with; the caller closes it."""
        self._stages += 1
        if self.folder is None:
            return Journal.in_memory(plan)
        slug = "".join(letter if letter.isalnum() else "-" for letter in what.lower())
        path = self.folder / f"{self._stages:03}-{slug}.sqlite"
        return (Journal.resume if path.exists() else Journal.create)(path, plan)


Jobs = int | Study
"""Who plays: so many processes, or whoever plays a study, which then also keeps what was played."""


@contextmanager
def studying(jobs: Jobs) -> Iterator[Study]:
    """The study that is under way, or one that keeps nothing."""
    if isinstance(jobs, Study):
        yield jobs
        return
    with Study(jobs) as study:
        yield study


def play(task: dict[str, Any]) -> Columns:
    """What a worker does with rows of any stage."""
    function: Callable[[dict[str, Any]], Columns] = find(task["function"])
    try:
        return function(task)
    except WargameError as error:
        raise Unplayable(str(error)) from error  # a fault of what was asked, not of a row


def _digest(values: NDArray[Any]) -> str:
    head = f"{values.dtype.str} {values.shape} "
    return sha256(head.encode() + np.ascontiguousarray(values).tobytes()).hexdigest()


# ------------------------------------------------------------------------------ its folder


@contextmanager
def kept(
    command: str,
    asked: Mapping[str, Any],
    *,
    jobs: int = 1,
    cluster: str | None = None,
    out: Path | None = None,
    resume: bool = False,
) -> Iterator[Study]:
    """A study whose stages are kept: in the folder `out`, or else in one of the user's own.

    The latter is found again by what was asked and from where, and taken away once the answer is
    there. resume: go on with what is kept. Raises StoreError if there is nothing to go on with, or
    it was asked for otherwise, and says how; if the folder is in use or holds anything else.
    """
    found = {"command": command, **asked}
    with ExitStack() as stack:
        folder = _own(found, resume) if out is None else _named(out, found, resume)
        if folder is not None:
            stack.callback(_tidied, folder)
            stack.enter_context(_alone(folder))
        yield stack.enter_context(Study(jobs, cluster=cluster, folder=folder))
        if folder is not None and out is None:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)


def _named(folder: Path, asked: Mapping[str, Any], resume: bool) -> Path:
    if resume:
        if changed := _changes(_asked(folder), asked):
            raise StoreError(
                f"{folder} was begun with {changed}: ask for the same, or name another"
            )
        return folder
    files.make_folder(folder)
    if held := next(iter(sorted(os.listdir(folder))), None):
        raise StoreError(
            f"{folder} is not empty ({held}): name another folder, or go on with it: --resume"
        )
    write_json(folder / ASKED, asked)
    return folder


def _own(asked: Mapping[str, Any], resume: bool) -> Path | None:
    """The folder of this very question, in a place that only the user can write to."""
    top = cache.place()
    if top is None:
        if resume:
            raise StoreError("nothing is kept to go on with: there is no folder for it")
        return None
    key = canonical([asked, os.getcwd()])
    top = top / "unfinished"
    folder = top / f"{asked['command']}-{sha256(key.encode()).hexdigest()[:16]}"
    begun = (folder / ASKED).is_file()
    if resume and not begun:
        others = [_asked(path.parent) for path in top.glob(f"{asked['command']}-*/{ASKED}")]
        told = "".join(f"; one is that was begun with {_changes(one, asked)}" for one in others)
        raise StoreError(f"nothing is kept of this question to go on with{told}")
    if begun and not resume:
        with _alone(folder):
            shutil.rmtree(folder)
    files.make_folder(folder, private=True)
    if not resume:
        write_json(folder / ASKED, asked)
    return folder


def _asked(folder: Path) -> Mapping[str, Any]:
    try:
        found = foreign.read_json(folder / ASKED)
    except OSError:
        found = None
    if not isinstance(found, dict):
        raise StoreError(f"{folder} holds nothing to go on with")
    return found


def _changes(begun: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """How two questions differ, in the words of the command line."""
    return ", ".join(
        f"{_option(name)} {_shown(begun.get(name))} (now {_shown(asked.get(name))})"
        for name in {**begun, **asked}
        if begun.get(name) != asked.get(name)
    )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)


def _tidied(folder: Path) -> None:
    """Take away a folder in which no stage was begun."""
    if folder.is_dir() and not any(folder.glob("*.sqlite")) and not any(folder.glob("*/")):
        (folder / ASKED).unlink(missing_ok=True)
        folder.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes away from a folder for a while."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreError(f"{folder} is in use: this question is being played already") from None
    finally:
        os.close(handle)
