"""What plays a chunk, in this process or in one of its own.

A worker is a plain ``python -c`` that imports this module and what it is told to play, nothing
else: it starts in the time that NumPy takes to import, and a script that starts a batch is not
run again in each of them.  It ends by itself when the process that started it is gone.
"""

from __future__ import annotations

import importlib
import os
import select
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from numpy.typing import NDArray

from wargame.batches.runners.scheduler import ALIVE, Unplayable, reason_of
from wargame.batches.store.columns import Packed, pack
from wargame.boundary.programs import end_all

Play = Callable[[dict[str, Any]], Mapping[str, NDArray[Any]]]
"""Plays the runs ``task["start"] <= run < task["stop"]``; one array per column, one element a run.

``task`` is :meth:`wargame.batches.store.plan.Plan.task`, with what :data:`Prepare` returned, if
there is one, as ``task["prepared"]``.  The same run must give the same values in any chunk.
"""

Prepare = Callable[[dict[str, Any]], Any]
"""Makes ready to play a variant, as by compiling its scenario; called once in each process."""


class Player:
    """Plays tasks; what a variant needs is prepared when its first task comes, and kept.

    ``play`` and ``prepare`` are functions or their names, as ``"package.module:function"``.
    """

    def __init__(self, play: str | Play, prepare: str | Prepare | None = None) -> None:
        self._play: Play = find(play)
        self._prepare: Prepare | None = find(prepare) if prepare else None
        self._prepared: dict[tuple[str, str], Any] = {}
        self._preparing = threading.Lock()

    def __call__(self, task: dict[str, Any]) -> Packed:
        """Play a task.

        Raises Unplayable if its variant cannot be prepared or its results are no columns, and
        whatever the play itself raises.
        """
        if self._prepare:
            task = {**task, "prepared": self._ready(self._prepare, task)}
        columns = self._play(task)
        try:
            return pack(columns, task["stop"] - task["start"])
        except ValueError as error:
            raise Unplayable(f"{task['variant']} gave no proper results: {error}") from error

    def close(self) -> None:
        """Let go of what was prepared and has to be let go of, such as programs in seats."""
        for key, ready in tuple(self._prepared.items()):
            if hasattr(ready, "close"):
                ready.close()
                del self._prepared[key]

    def _ready(self, prepare: Prepare, task: dict[str, Any]) -> Any:
        # Of a name and a digest: a worker may play several batches, and each has its baseline.
        variant, digest = task["variant"], task["digest"]
        with self._preparing:  # once, for all threads that play it
            if (variant, digest) not in self._prepared:
                try:
                    self._prepared[variant, digest] = prepare(task)
                except Exception as error:
                    raise Unplayable(f"{variant} cannot be prepared: {reason_of(error)}") from error
            return self._prepared[variant, digest]


def find(function: str | Callable[..., Any]) -> Any:
    """A function by its name; Unplayable if there is none."""
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise Unplayable(f"{function} cannot be found: {reason_of(error)}") from error


BEAT = 0.5
"""Seconds between two signs of life."""


def serve(descriptor: int, parent: int) -> None:
    """Play what the parent process sends, until it closes the connection or is gone.

    The parent first sends the arguments of :class:`Player`; the answer is ``("ready", None)``.
    Then each task is answered with ``("played", packed)`` or ``("raised", reason)``; in place of
    any answer, ``("unplayable", reason)`` ends the batch. ``("alive", None)`` comes in between,
    at any time: it answers nothing.
    """
    threading.Thread(target=_end_with, args=(descriptor, parent), daemon=True).start()
    voice = _Voice(Connection(descriptor))
    threading.Thread(target=voice.live, daemon=True).start()
    try:
        try:
            player = Player(*voice.connection.recv())
        except (AttributeError, ImportError) as error:
            # A function is pickled as its name; __main__'s are not to be found under it here.
            raise Unplayable(f"a worker cannot find what to play: {reason_of(error)}") from error
        voice.say("ready", None)
        while True:
            voice.say(*_answer(player, voice.connection.recv()))
    except Unplayable as error:
        voice.say("unplayable", str(error))
    except (EOFError, ConnectionError):
        return


class _Voice:
    """The connection to the parent, on which one thing is said at a time."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._lock = threading.Lock()

    def say(self, what: str, more: object) -> None:
        with self._lock:
            self.connection.send((what, more))

    def live(self) -> None:
        """Say now and then that this process lives. A chunk keeps no other thread from it."""
        try:
            while True:
                time.sleep(BEAT)
                self.say(ALIVE, None)
        except (OSError, ValueError):
            return  # the parent is gone, and this process with it


def _answer(player: Player, task: dict[str, Any]) -> tuple[str, Packed | str]:
    try:
        return "played", player(task)
    except Unplayable:
        raise
    except (Exception, SystemExit) as error:
        return "raised", reason_of(error)


def _end_with(descriptor: int, parent: int) -> None:
    """End this process when its parent does, even in the midst of a chunk."""
    hang_up = select.poll()
    hang_up.register(descriptor, 0)
    # The closed connection tells at once; where a stray copy keeps it open, the parent's id does.
    while os.getppid() == parent and not hang_up.poll(1000):
        continue
    end_all()  # a program that does not mind the end of its input would stay
    os._exit(1)
