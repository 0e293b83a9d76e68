"""The same chunks on a Dask cluster: many machines, the same results, the journal at home.

Only who plays is different from `local_runner`. The scheduler hands chunks to
workers, and to another one when a worker dies; what it gives up on is cut in halves here, as it is
at home, until the run to blame is alone. Nothing is stored but here, by this process.

Needs the extra ``cluster``. Workers need this program in the same version, and nothing else: the
texts of a variant travel with its first chunk.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pickle import dumps, loads
from typing import Any
from uuid import uuid4

from wargame import __version__
from wargame.batches.runners.local_runner import Worker
from wargame.batches.runners.runner import Runner
from wargame.batches.runners.scheduler import Piece, Unplayable, Work, reason_of
from wargame.batches.store.columns import Packed
from wargame.batches.store.plan import Plan
from wargame.errors import WargameError

AHEAD = 2
"""Chunks under way for each thread of the cluster: one being played, one on its way."""

GLANCE = 0.25
"""Seconds after which a request to stop is noticed, though no chunk has come back."""

PATIENCE = 60.0
"""Seconds without any worker after which the batch is given up; it can be resumed."""

CONNECT = 10.0
"""Seconds to wait for the scheduler, and for a first worker."""

_LOST = "the connection to the cluster is lost; the batch can be resumed"


class DaskRunner(Runner):
    """Plays plans on the cluster at an address; `play` and `prepare` are names.

    A context manager, as every `Runner`: it holds the connection.
    """

    jobs = 64
    """Chunks are cut as for so many processes; nothing but their size depends on it."""

    def __init__(self, address: str, play: str, prepare: str | None = None) -> None:
        self._address = address
        self._setup = (play, prepare)
        self._connection = ExitStack()
        self._client: Any = None

    def reach(self) -> None:
        """Connect, once. Raises WargameError if there is no cluster, or none with a worker."""
        if self._client is None:
            self._client = self._connection.enter_context(_connected(self._address))

    def end(self) -> None:
        """Give up the connection."""
        self._client = None
        self._connection.close()

    def _play(self, work: Work, plan: Plan, stop: Callable[[], bool]) -> None:
        with _told():
            self.reach()
            _Farm(self._client, work, plan, self._setup).play(stop)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (OSError, CancelledError):
        raise WargameError(_LOST) from None


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A connection to the scheduler, with at least one worker behind it."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise WargameError("a cluster needs the extra: pip install 'wargame[cluster]'") from None
    # What goes wrong is told here, in one line.
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise WargameError(f"there is no cluster at {address}: {reason_of(error)}") from None
    try:
        try:
            client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError:
            raise WargameError(f"the cluster at {address} has no workers") from None
        with client.as_current():
            yield client
    finally:
        client.close(timeout=CONNECT)


class _Farm:
    """Chunks on their way to the cluster and back."""

    def __init__(self, client: Any, work: Work, plan: Plan, setup: tuple[str, str | None]) -> None:
        self._client = client
        self._work = work
        self._plan = plan
        self._setup = setup
        self._batch = uuid4().hex
        self._settings: dict[str, Any] = {}
        self._under_way: dict[Any, Piece] = {}
        self._alone = 0.0

    def play(self, stop: Callable[[], bool]) -> None:
        """Hand out and take back until there is nothing left, or no more is wanted."""
        try:
            while True:
                if not stop():
                    self._hand_out()
                if not self._under_way:
                    return
                for future in self._listen():
                    self._take_back(future, self._under_way.pop(future))
        finally:
            if self._client.status == "running":
                self._client.cancel(list(self._under_way), force=True)
                self._client.run(dismiss, self._batch, on_error="ignore")

    def _hand_out(self) -> None:
        room = AHEAD * max(1, self._threads())
        while len(self._under_way) < room and (piece := self._work.take()):
            task = self._work.task(piece)
            own = self._plan[piece.chunk.variant].settings
            light = {name: value for name, value in task.items() if name not in own}
            future = self._client.submit(
                play_there,
                light,
                self._travelling(piece.chunk.variant, own),
                self._setup,
                self._batch,
                self._plan.engine,
                pure=False,
            )
            self._under_way[future] = piece

    def _travelling(self, variant: str, settings: Mapping[str, Any]) -> Any:
        """What a variant needs to be prepared, sent once; a worker that lacks it asks another."""
        if variant not in self._settings:
            packed = zlib.compress(dumps(dict(settings)))
            self._settings[variant] = self._client.submit(_kept, packed, pure=False)
        return self._settings[variant]

    def _listen(self) -> list[Any]:
        """The chunks that have come back, or never will, after a moment at most."""
        wait: Any = import_module("distributed").wait
        try:
            done = wait(list(self._under_way), timeout=GLANCE, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            self._alone = 0.0 if self._threads() else self._alone + GLANCE
            if self._alone >= PATIENCE:
                raise WargameError(
                    "the cluster has lost all its workers; the batch can be resumed"
                ) from None
            return []
        except CancelledError:
            return [future for future in self._under_way if future.cancelled()]
        self._alone = 0.0
        return list(done)

    def _take_back(self, future: Any, piece: Piece) -> None:
        try:
            said, what = future.result()
        except CancelledError:
            # Also a result that died with the worker that held it, as long as there is a cluster.
            self._threads()
            said, what = "dropped", "the cluster has dropped it"
        except Exception as error:
            said, what = "raised", reason_of(error)
        if said == "unplayable":
            raise Unplayable(what)
        if isinstance(what, Packed):
            self._work.keep(piece, what)
        else:
            self._work.lose(piece, what)

    def _threads(self) -> int:
        """How many threads the cluster has; WargameError if there is no cluster any more."""
        if self._client.status != "running":
            raise WargameError(_LOST)
        return sum(self._client.nthreads().values())


# ------------------------------------------------------------------------------ over there


def _kept(packed: bytes) -> bytes:
    """The settings of a variant, as a result that the cluster keeps and can make again."""
    return packed


@dataclass
class _Player:
    """The process in which a thread of the cluster plays the chunks of one batch."""

    batch: str
    worker: Worker


_players: dict[int, _Player] = {}
"""By thread. A run that kills its process costs a process of ours, not a worker of the cluster."""


def play_there(
    task: dict[str, Any], settings: bytes, setup: tuple[str, str | None], batch: str, engine: str
) -> tuple[str, Packed | str]:
    """What a worker of the cluster does with a chunk; it answers as `worker.serve` does."""
    if engine != __version__:
        return "unplayable", f"a worker has version {__version__} of this program, not {engine}"
    thread = threading.get_ident()
    worker = _worker(thread, setup, batch)
    if not worker.ready:
        said, what = worker.answer()
        worker.ready = said == "ready"
    if worker.ready:
        worker.send({**task, **loads(zlib.decompress(settings))})
        said, what = worker.answer()
    if said in ("played", "raised"):
        return said, what
    _players.pop(thread, None)
    worker.end()
    return ("raised" if said == "gone" else said), what


def _worker(thread: int, setup: tuple[str, str | None], batch: str) -> Worker:
    """The thread's process for this batch; one for another batch makes way for it."""
    player = _players.get(thread)
    if player is None or player.batch != batch:
        if player is not None:
            player.worker.end()
        player = _players[thread] = _Player(batch, Worker(setup))
    return player.worker


def dismiss(batch: str) -> None:
    """End the processes that have played a batch."""
    for thread, player in list(_players.items()):
        if player.batch == batch:
            _players.pop(thread, None)
            player.worker.end()
