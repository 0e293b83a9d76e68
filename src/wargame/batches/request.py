"""What is asked of a batch, before any file is read, and who will play it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from wargame.backends.levels import machine
from wargame.batches.runners.choice import runner
from wargame.batches.runners.local_runner import LocalRunner
from wargame.batches.runners.runner import Runner
from wargame.batches.store.folder import is_begun
from wargame.batches.store.plan import CHUNK, MOST_JOBS, MOST_RUNS, NATIVE_CHUNK, chunk_for
from wargame.boundary.files import home
from wargame.boundary.integers import SEEDS, integer
from wargame.errors import WargameError

if TYPE_CHECKING:
    from wargame.boundary.programs import Named
    from wargame.engine.scenario import Scenario


PLAY, PREPARE = "wargame.batches.playing:play", "wargame.batches.playing:prepare"
"""What plays a chunk and what makes ready to, as workers find it."""

RUNS = 1000
MOST_UNTIL = 1_000_000
"""Runs of each variant after which ``until`` gives up, unless more are asked for."""


class Programs(Protocol):
    """Programs that hold seats, and who asks them: see `seats.play.Programs`."""

    @property
    def play(self) -> str:
        """The name of what plays a chunk, as workers find it."""

    @property
    def prepare(self) -> str:
        """The name of what makes ready to."""

    @property
    def named(self) -> Mapping[str, Named]:
        """Each seat's program, as the command line or the call of this process names it."""

    def rehearse(self, scenario: Scenario) -> None:
        """Raises WargameError for a program that gives no answer."""


@dataclass(frozen=True)
class Request:
    """What was asked for. What is left out is, when a batch is resumed, as it was begun.

    policies: names or paths; ``a+b`` composes two. worldview: laid over the baseline too.
    runs: of each variant. until: half the width of the widest interval, as a share. seats: the
    actors that programs play, all that a folder says of them. programs: those programs, which no
    folder knows: whoever goes on with a batch names them again.
    """

    scenario: str
    policies: tuple[str, ...] | None = None
    worldview: str | None = None
    runs: int | None = None
    seed: int | None = None
    until: float | None = None
    seats: tuple[str, ...] | None = None
    programs: Programs | None = None

    @classmethod
    def of_folder(cls, folder: Path) -> Request:
        """What was asked for when a batch was begun. Raises StoreError if the folder has none."""
        from wargame.batches.manifest import read_manifest  # late: who begins has no manifest

        asked = read_manifest(folder).asked
        # The first edition kept commands beside the actors; nobody reads them any more.
        return cls(**{**vars(asked), "seats": asked.seats and tuple(asked.seats)})

    def resumed(self, out: str | os.PathLike[str] | None) -> Request:
        """This request, with what it leaves out taken from the one that began the batch.

        Raises StoreError if there is no batch in `out`; one that had not begun leaves out nothing.
        """
        if not is_begun(out) or out is None:
            return self
        begun = self.of_folder(home(out))
        held = begun.seats or ()
        if set(self.seats or ()) != set(held):
            again = "".join(f" --seat {actor}=..." for actor in held)
            raise WargameError(
                f"in {out} programs play {', '.join(held)}: name them again:{again}"
                if held
                else f"in {out} no program plays: go on with it without --seat"
            )
        named = {name: value for name, value in vars(self).items() if value is not None}
        return replace(begun, **named)

    def asked(self) -> dict[str, Any]:
        """What a folder keeps of this request; no program's command or address."""
        return {name: value for name, value in vars(self).items() if name != "programs"}

    @property
    def most(self) -> int:
        """The most runs of each variant."""
        return self.runs or (RUNS if self.until is None else MOST_UNTIL)

    def chunk(self, runs: int, jobs: int) -> int:
        """How many of so many runs of each variant are played together."""
        # A program takes its time: each of its runs is kept as soon as it is played.
        most = NATIVE_CHUNK if machine().loaded else CHUNK
        return 1 if self.seats else chunk_for(runs, self._variants, jobs, most)

    def runner(self, jobs: int, cluster: str | None = None) -> Runner:
        """Who will play it: this process, so many threads of it where the native machine plays,
        else so many others, which get ready from now on; or the cluster at an address.

        Raises WargameError for numbers that make no sense, and for programs far away.
        """
        self.check()
        if self.seats and cluster is not None:
            raise WargameError("programs play on this machine only: leave out --cluster")
        jobs = integer(jobs, "jobs", 1, MOST_JOBS + 1)
        held = self.programs
        names = (held.play, held.prepare) if held else (PLAY, PREPARE)
        threads = jobs > 1 and not held and bool(machine().loaded)
        found = runner(*names, jobs=jobs, cluster=cluster, threads=threads)
        if isinstance(found, LocalRunner):
            found.start(math.ceil(self.most / self.chunk(self.most, jobs)) * self._variants)
        return found

    @property
    def _variants(self) -> int:
        return 1 + len(self.policies or ())

    def check(self) -> None:
        """Raises WargameError for numbers that make no sense."""
        if self.runs is not None:
            integer(self.runs, "runs", 1, MOST_RUNS + 1)
        if self.seed is not None:
            integer(self.seed, "seed", 0, SEEDS)
        if self.until is not None and not 0.00001 <= self.until < 0.5:
            raise WargameError(
                "until is half the width of an interval, as a share between 0.00001 and 0.5, "
                f"not {self.until}"
            )
