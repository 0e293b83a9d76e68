"""What a batch will play: variants of a scenario, each under the same numbered runs.

A plan is a few words, however many runs it asks for: its chunks are counted off, never listed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wargame.errors import WargameError

if TYPE_CHECKING:  # whoever starts workers early does not want to wait for NumPy
    from numpy.typing import NDArray


CHUNK = 10_000
"""Runs that are played as one array at most; fewer waste calls (docs/speed.md), more keep a
batch from showing how it goes on, and what is lost with a worker is a chunk."""

NATIVE_CHUNK = 50_000
"""The same where the native machine plays: as many seconds of playing for each commit."""

BASELINE = "baseline"

MOST_RUNS = 10**9
"""Runs of one variant."""

MOST_JOBS = 1024
"""Processes of one batch on one machine."""

_FEWEST = 100
"""Runs of a chunk where there are jobs enough for all."""

_MANY = 8
"""Chunks for each job: from here on, whoever gets one more does not keep the others waiting."""

_LAST_RUN = 2**63 - 1


@dataclass(frozen=True)
class Variant:
    """A scenario with its overlays, under the name that it has in every table."""

    name: str
    digest: str
    """Of the scenario as it is with these overlays: the same digest, the same game."""
    overlays: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the function that plays needs to know besides; no part of the batch's identity."""
    of_rows: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """What that function needs to know of each run: the first axis is the plan's runs."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The runs ``start <= run < stop`` of one variant, played together."""

    variant: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def halves(self) -> tuple[Chunk, Chunk]:
        middle = (self.start + self.stop) // 2
        return (
            Chunk(self.variant, self.start, middle),
            Chunk(self.variant, middle, self.stop),
        )


@dataclass(frozen=True)
class Plan:
    """Which variants are played, under which runs, from which seed, by which engine.

    Raises WargameError if there is nothing to play or two variants have one name.
    """

    scenario: str
    """The digest of the scenario without overlays."""
    seed: int
    engine: str
    """The version that plays; another one may play differently."""
    variants: tuple[Variant, ...]
    runs: range
    chunk: int = CHUNK

    def __post_init__(self) -> None:
        if not self.runs or self.runs.step != 1:
            raise WargameError("a batch needs at least one run, and runs that follow on each other")
        if self.runs.start < 0 or self.runs.stop > _LAST_RUN:
            raise WargameError(f"runs are numbered from 0 to {_LAST_RUN:,}")
        if self.chunk < 1:
            raise WargameError(f"a chunk needs at least one run, not {self.chunk}")
        names = [variant.name for variant in self.variants]
        if not names:
            raise WargameError("a batch needs at least one variant")
        if twice := {name for name in names if names.count(name) > 1}:
            raise WargameError(f"two variants have one name: {', '.join(sorted(twice))}")

    def __len__(self) -> int:
        """How many runs there are to play, over all variants."""
        return len(self.runs) * len(self.variants)

    def __getitem__(self, name: str) -> Variant:
        return next(variant for variant in self.variants if variant.name == name)

    def chunks(self) -> Iterator[Chunk]:
        """Every chunk, variant by variant within a block of runs.

        An interrupted batch has then played the same runs of every variant, but for the last
        few, and what it has can be compared.
        """
        for start in range(self.runs.start, self.runs.stop, self.chunk):
            for variant in self.variants:
                yield Chunk(variant.name, start, min(start + self.chunk, self.runs.stop))

    def with_settings(self, **settings: Any) -> Plan:
        """The same plan, whose tasks say more."""
        variants = (replace(v, settings={**v.settings, **settings}) for v in self.variants)
        return replace(self, variants=tuple(variants))

    def task(self, chunk: Chunk) -> dict[str, Any]:
        """What a worker is told about a chunk."""
        variant = self[chunk.variant]
        part = slice(chunk.start - self.runs.start, chunk.stop - self.runs.start)
        return {
            **variant.settings,
            **{name: values[part] for name, values in variant.of_rows.items()},
            "variant": variant.name,
            "digest": variant.digest,
            "overlays": variant.overlays,
            "seed": self.seed,
            "start": chunk.start,
            "stop": chunk.stop,
        }


def chunk_for(runs: int, variants: int, jobs: int, most: int = CHUNK) -> int:
    """A chunk size by which few chunks are played, and all jobs end at about the same time.

    So many runs of so many variants, `most` of one together. Where chunks are few, their number
    is a multiple of the jobs; where they are many, it does not matter. Several variants take turns
    at half the size, so that an interrupted batch has runs of all of them.
    """
    blocks = math.ceil(runs / (most if variants == 1 else most // 2))
    if blocks * variants < _MANY * jobs:
        even = jobs // math.gcd(jobs, variants)
        blocks = min(math.ceil(blocks / even) * even, max(1, runs // _FEWEST))
    return math.ceil(runs / blocks)
