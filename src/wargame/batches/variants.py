"""What a request comes to: every variant loaded, compiled and named.

All files are read before the first run is played, and all their faults are told at once.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

from wargame import __version__
from wargame.batches.request import Request
from wargame.batches.store.plan import BASELINE, Plan, Variant
from wargame.compiler.cached import run_header
from wargame.content.load import load
from wargame.content.spec import Spec
from wargame.engine.record import RunHeader
from wargame.errors import Fault, SpecError, WargameError, no_such


def identity(header: RunHeader, programs: Mapping[str, object]) -> str:
    """A hash over what a variant plays: the same one, the same game.

    programs: those in seats, by actor.
    """
    held = [shlex.quote(f"{actor}={program}") for actor, program in sorted(programs.items())]
    return sha256(" ".join((header.digest, header.overlay_digest, *held)).encode()).hexdigest()


class Variants:
    """The baseline and each policy of a request, compiled.

    Raises SpecError with the faults of all files together, WargameError if two policies are one.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.specs: dict[str, Spec] = {}
        self.headers: dict[str, RunHeader] = {}
        faults: dict[Fault, None] = {}
        world = [request.worldview] if request.worldview else []
        for policy in (None, *(request.policies or ())):
            try:
                self._add([*world, policy] if policy is not None else world, policy is None)
            except SpecError as error:
                faults |= dict.fromkeys(error.faults)
        if faults:
            raise SpecError(faults)
        for actor in request.seats or ():
            if actor not in self.base.actors:
                raise WargameError(no_such("actor", actor, self.base.actors))
        seed = self.base.seed if request.seed is None else request.seed
        self.headers = {name: replace(header, seed=seed) for name, header in self.headers.items()}

    def _add(self, overlays: list[str], first: bool) -> None:
        spec = load(self.request.scenario, overlays)
        own = spec.overlays[len(self.specs[BASELINE].overlays) if self.specs else 0 :]
        name = BASELINE if first else "+".join(overlay.id for overlay in own)
        if not name:
            raise WargameError("a policy needs a name")
        if name in self.specs:
            raise WargameError(f"the policy {name} is named twice")
        self.specs[name], self.headers[name] = spec, run_header(spec.inputs, spec)

    @property
    def base(self) -> RunHeader:
        """The header of the baseline."""
        return self.headers[BASELINE]

    @property
    def expect(self) -> dict[str, dict[str, str]]:
        """What each policy that stands alone says of the direction of endings and milestones."""
        shared = len(self.specs[BASELINE].overlays)
        return {
            name: dict(spec.overlays[-1].expect)
            for name, spec in self.specs.items()
            if len(spec.overlays) == shared + 1 and spec.overlays[-1].expect
        }

    def plan(self, runs: int, jobs: int) -> Plan:
        """So many runs of every variant, in chunks for so many jobs."""
        return Plan(
            scenario=self.base.digest,
            seed=self.base.seed,
            engine=__version__,
            variants=tuple(map(self._variant, self.specs)),
            runs=range(runs),
            chunk=self.request.chunk(runs, jobs),
        )

    def _variant(self, name: str) -> Variant:
        spec = self.specs[name]
        programs = dict(self.request.programs.named) if self.request.programs else {}
        return Variant(
            name=name,
            digest=identity(self.headers[name], programs),
            overlays=spec.overlay_names,
            settings={"inputs": spec.inputs, "programs": programs},
        )

    def to_json(self) -> dict[str, Any]:
        """What a manifest says of the variants."""
        return {
            "asked": self.request.asked(),
            "scenario": self.base.scenario,
            "digest": self.base.digest,
            "seed": self.base.seed,
            "engine": __version__,
            "headers": {name: asdict(header) for name, header in self.headers.items()},
            "expect": self.expect,
        }
