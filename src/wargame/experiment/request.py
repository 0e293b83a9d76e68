"""What is asked of a batch, and what that comes to: every variant loaded, compiled and named.

All files are read before the first run is played, and all their faults are told at once.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from wargame import __version__
from wargame.errors import Fault, SpecError, WargameError
from wargame.experiment.plan import Plan, Variant, chunk_for
from wargame.load import load
from wargame.ready import run_header
from wargame.record import RunHeader
from wargame.spec import Spec

__all__ = ["BASELINE", "MOST_RUNS", "MOST_UNTIL", "RUNS", "Request", "Variants"]

BASELINE = "baseline"
RUNS = 1000
MOST_RUNS = 10**9
MOST_UNTIL = 1_000_000
"""Runs of each variant after which ``until`` gives up, unless more are asked for."""


@dataclass(frozen=True)
class Request:
    """What was asked for. What is left out is, when a batch is resumed, as it was begun.

    policies: names or paths; ``a+b`` composes two. worldview: laid over the baseline too.
    runs: of each variant. until: half the width of the widest interval, as a share. seats: the
    actors that programs play, {actor: address or command}.
    """

    scenario: str
    policies: tuple[str, ...] | None = None
    worldview: str | None = None
    runs: int | None = None
    seed: int | None = None
    until: float | None = None
    seats: Mapping[str, str] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Request:
        """The request of a manifest."""
        policies = data["policies"]
        return cls(**{**data, "policies": None if policies is None else tuple(policies)})

    def over(self, begun: Request) -> Request:
        """This request, with what it leaves out taken from the one that began the batch."""
        named = {name: value for name, value in vars(self).items() if value is not None}
        return replace(begun, **named)

    @property
    def most(self) -> int:
        """The most runs of each variant."""
        return self.runs or (RUNS if self.until is None else MOST_UNTIL)

    def chunk(self, runs: int, jobs: int) -> int:
        """How many of so many runs of each variant are played together."""
        # A program takes its time: each of its runs is kept as soon as it is played.
        return 1 if self.seats else chunk_for(runs, 1 + len(self.policies or ()), jobs)

    def chunks(self, jobs: int) -> int:
        """How many chunks there are to play, at most."""
        blocks = math.ceil(self.most / self.chunk(self.most, jobs))
        return blocks * (1 + len(self.policies or ()))

    def check(self) -> None:
        """Raises WargameError for numbers that make no sense."""
        if self.runs is not None and not 1 <= self.runs <= MOST_RUNS:
            raise WargameError(f"runs must be between 1 and {MOST_RUNS:,}, not {self.runs:,}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise WargameError(f"seed must be a whole number from 0 to 2**63 - 1, not {self.seed}")
        if self.until is not None and not 0.00001 <= self.until < 0.5:
            raise WargameError(
                "until is half the width of an interval, as a share between 0.00001 and 0.5, "
                f"not {self.until}"
            )


class Variants:
    """The baseline and each policy of a request, compiled.

    Raises SpecError with the faults of all files together, WargameError if two policies are one.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.specs: dict[str, Spec] = {}
        self.headers: dict[str, RunHeader] = {}
        self._asked: dict[str, list[str]] = {}
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
                raise WargameError(f"{actor} takes no part in {self.base.scenario}")
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
        self._asked[name] = overlays

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
        overlays = "".join(f" --overlay {shlex.quote(asked)}" for asked in self._asked[name])
        scenario = shlex.quote(self.request.scenario)
        held = sorted((self.request.seats or {}).items())
        seats = [shlex.quote(f"{actor}={where}") for actor, where in held]
        return Variant(
            name=name,
            digest=sha256(
                " ".join((spec.digest, spec.overlay_digest, *seats)).encode()
            ).hexdigest(),
            overlays=spec.overlay_names,
            settings={"inputs": spec.inputs, "seats": dict(self.request.seats or {})},
            again=f"wargame run {scenario}{overlays}{''.join(f' --seat {s}' for s in seats)} "
            f"--seed {self.base.seed} --run {{run}}",
        )

    def to_json(self) -> dict[str, Any]:
        """What a manifest says of the variants."""
        return {
            "asked": asdict(self.request),
            "scenario": self.base.scenario,
            "digest": self.base.digest,
            "seed": self.base.seed,
            "engine": __version__,
            "headers": {name: asdict(header) for name, header in self.headers.items()},
            "expect": self.expect,
        }
