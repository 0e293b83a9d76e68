"""Play a plan on this machine: in this process, or spread over workers.

Each worker is a process of our own with its own connection, so that when one dies it is known
which chunk it was playing, and nobody else's work is lost with it. A worker says every few seconds
that it lives. One that falls silent, as a stopped process does, is ended, and another plays its
chunk; one that is only slow goes on speaking and is left alone.
"""

from __future__ import annotations

import multiprocessing.connection
import os
import pickle
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from wargame.batches.runners.runner import Runner
from wargame.batches.runners.scheduler import ALIVE, Piece, Unplayable, Work, reason_of
from wargame.boundary.programs import exit_code, ourselves
from wargame.errors import WargameError

if TYPE_CHECKING:  # whoever starts workers early does not want to wait for NumPy
    from wargame.batches.runners.worker import Play, Player, Prepare
    from wargame.batches.store.columns import Packed
    from wargame.batches.store.plan import Plan


_BOOT = (
    "import sys; from wargame.batches.runners.worker import serve; serve(*map(int, sys.argv[1:]))"
)

_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    "1",
)
"""Workers share the cores between them already."""

_GLANCE = 0.25
"""Seconds after which a request to stop is noticed, though no worker has anything to say."""

_FAREWELL = 5.0
"""Seconds that a worker has to end by itself."""

_STILLBORN = 5
"""So many workers in a row that die before they are ready: there is no use in another."""

PATIENCE = 60.0
"""Seconds of silence after which a worker is given up, and at least four times what the slowest
chunk so far has taken: a machine that is so slow may also be slow to let a worker speak."""


class Worker:
    """A process that plays, the connection to it, and the piece it has in hand."""

    def __init__(self, setup: tuple[Any, Any]) -> None:
        try:
            ours, theirs = multiprocessing.connection.Pipe()
            with theirs:
                self._process = ourselves(
                    _BOOT,
                    str(theirs.fileno()),
                    str(os.getpid()),
                    descriptors=[theirs.fileno()],
                    env={**_ONE_THREAD, "PYTHONPATH": _search_path()},
                )
        except OSError as error:
            raise WargameError(f"no worker can be started: {error.strerror}") from None
        self.piece: Piece | None = None
        self.ready = False
        self.silent = self.waited = 0.0
        """Seconds that one has listened in vain: since it last spoke, since it has its piece."""
        self.connection = ours
        self.send(setup)

    def send(self, message: object) -> None:
        try:
            self.connection.send(message)
        except ConnectionError:
            return  # it is gone; the end of its connection will tell

    def hear(self) -> tuple[str, Any]:
        """What the worker says; ``("gone", reason)`` if it will never say anything again."""
        try:
            said: tuple[str, Any] = self.connection.recv()
        except (EOFError, OSError):
            return "gone", self.end()
        return said

    def answer(self) -> tuple[str, Any]:
        """Wait for what it says next, apart from that it lives; see `hear`."""
        while self.connection.poll(PATIENCE):
            said = self.hear()
            if said[0] != ALIVE:
                return said
        return "gone", self.give_up()

    def give_up(self) -> str:
        """End the process because it says nothing any more; the reason."""
        self.ready = False  # so it will not end by itself either
        self.end()
        return "its worker fell silent"

    def end(self) -> str:
        """End the process, if it has not ended yet, and say how it did."""
        self.connection.close()  # at which it ends by itself, with the programs that it started
        code = exit_code(self._process, _FAREWELL if self.ready else 0)
        if code >= 0:
            return f"its worker ended with exit code {code}"
        name = signal.Signals(-code).name
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"its worker was killed by {name}{hint}"


_Answer: TypeAlias = "tuple[Piece, Packed | str]"
"""A piece that has come back: with its results, or with the reason why there are none."""


class LocalRunner(Runner):
    """Plays plans: with one job this process, with more of them workers that are its own.

    ``play`` and ``prepare`` are described in `worker`; with several jobs
    they must be importable, by name or by reference.  One job plays in this process, where a run
    that kills its worker kills the batch; with two or more it is found, noted and left out.

    A context manager, as every `Runner`: at its end, however it
    comes, the workers end.  Raises WargameError if
    there are no jobs, or workers could not import what they should play.
    """

    def __init__(
        self, play: str | Play, prepare: str | Prepare | None = None, jobs: int = 1
    ) -> None:
        if jobs < 1:
            raise WargameError(f"a batch needs at least one job, not {jobs}")
        self._setup = (play, prepare)
        if jobs > 1:
            try:
                pickle.dumps(self._setup)
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                raise WargameError(
                    f"workers can only play what they can import: {reason_of(error)}"
                ) from error
        self.jobs = jobs
        self._workers: list[Worker] = []
        self._waiting: deque[Piece] = deque()
        self._stillborn = 0
        self._slowest = 0.0

    def reach(self) -> None:
        """Nothing to reach: this machine is here."""

    def start(self, most: int) -> None:
        """Start workers, `most` of them at most, although there is nothing to play yet.

        They import what they need while this process finds out what that will be. Raises
        WargameError, and leaves none, if they cannot all be started.
        """
        if self.jobs > 1:
            try:
                self._start(min(most, self.jobs) - len(self._workers))
            except BaseException:
                self.end()
                raise

    def end(self) -> None:
        """End the workers, whatever they are doing."""
        while self._workers:
            self._workers.pop().end()
        if "_player" in vars(self):
            self._player.close()

    def _play(self, work: Work, plan: Plan, stop: Callable[[], bool]) -> None:
        if self.jobs == 1:
            _play_here(work, self._player, stop)
            return
        self._waiting.clear()
        try:
            self._share_out(work, stop)
        except BaseException:
            self.end()  # what they have in hand is nobody's any more
            raise

    @cached_property
    def _player(self) -> Player:
        from wargame.batches.runners.worker import Player

        return Player(*self._setup)

    def _share_out(self, work: Work, stop: Callable[[], bool]) -> None:
        back: list[_Answer] = []
        while True:
            stopping = stop()
            if not stopping:
                self._hand_out(work)
            if back:
                # Only now: while the disk writes, the workers play on.
                for piece, packed in back:
                    if isinstance(packed, str):
                        work.lose(piece, packed)
                    else:
                        work.keep(piece, packed)
                back = []
            elif self._busy() or (self._waiting and not stopping):
                back = self._listen()
            else:
                return

    def _busy(self) -> bool:
        return any(worker.piece for worker in self._workers)

    def _hand_out(self, work: Work) -> None:
        """Give every idle worker a piece; start workers for pieces that nobody is there for."""
        while len(self._waiting) < self.jobs and (piece := work.take()):
            self._waiting.append(piece)
        for worker in self._workers:
            if self._waiting and worker.ready and not worker.piece:
                worker.piece, worker.waited = self._waiting.popleft(), 0.0
                worker.send(work.task(worker.piece))
        starting = sum(not worker.ready for worker in self._workers)
        self._start(min(len(self._waiting) - starting, self.jobs - len(self._workers)))

    def _start(self, count: int) -> None:
        for _ in range(count):
            self._workers.append(Worker(self._setup))

    def _listen(self) -> list[_Answer]:
        """Wait until a worker says something, or a moment; what has come back of the pieces."""
        began = time.monotonic()
        speaking = multiprocessing.connection.wait(
            [worker.connection for worker in self._workers], _GLANCE
        )
        # What this process has slept through itself, its machine closed, is nobody's silence.
        waited = min(time.monotonic() - began, 2 * _GLANCE)
        back: list[_Answer] = []
        for worker in list(self._workers):
            worker.waited += waited
            worker.silent += waited
            if worker.connection in speaking:
                worker.silent = 0.0
                said, what = worker.hear()
            elif worker.silent > max(PATIENCE, 4 * self._slowest):
                said, what = "gone", worker.give_up()
            else:
                continue
            if said == "unplayable":
                raise Unplayable(what)
            if said == "gone":
                self._workers.remove(worker)
                self._stillborn += not worker.ready
                if self._stillborn >= _STILLBORN:
                    raise WargameError(f"no worker can be started: {what}")
            if said == "ready":
                worker.ready, self._stillborn = True, 0
            elif said != ALIVE and worker.piece:
                back.append((worker.piece, what))
                worker.piece = None
                if said != "gone":
                    self._slowest = max(self._slowest, worker.waited)
        return back


def _play_here(work: Work, player: Player, stop: Callable[[], bool]) -> None:
    while not stop() and (piece := work.take()):
        work.settle(piece, partial(player, work.task(piece)))


def _search_path() -> str:
    """Where this process finds its modules, for a worker to find the same ones."""
    return os.pathsep.join(entry or os.getcwd() for entry in sys.path)
