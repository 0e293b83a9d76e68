"""What a manifest says: the shape without which a folder is no folder of results.

A folder may come from a stranger. Every name, number and bound is checked here, once, so that
whoever reads results need not; and a manifest that was edited says so by its own checksum.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from wargame.batches.store.folder import INPUTS, MANIFEST, inputs_digest, read_json, seal_of
from wargame.batches.store.plan import BASELINE, MOST_RUNS
from wargame.boundary import foreign
from wargame.content.spec import TurnLength
from wargame.engine.record import RunHeader
from wargame.errors import StoreError
from wargame.replay.turn_log import Engine


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("a name stands there twice")
    return names


Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Variant = Annotated[str, Field(max_length=1000, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")]
"""The ids of policies, with plus signs between them: a folder has its name."""
Names = Annotated[tuple[Name, ...], AfterValidator(_each_once)]
Actor = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _baseline_first(headers: dict[str, Any]) -> dict[str, Any]:
    if next(iter(headers), None) != BASELINE:
        raise ValueError(f"{BASELINE} must be the first of them")
    return headers


class _Shape(BaseModel):
    # More keys than these are allowed: a later version may say more.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Asked(_Shape):
    """What was asked for when the batch was begun; see `request.Request`."""

    scenario: Annotated[str, Field(min_length=1, max_length=4096)]
    policies: tuple[str, ...] | None = None
    worldview: str | None = None
    runs: Annotated[int, Field(ge=1, le=MOST_RUNS)] | None = None
    seed: Seed | None = None
    until: Annotated[float, Field(gt=0, lt=0.5)] | None = None
    seats: tuple[Actor, ...] | dict[Actor, str] | None = None
    """Version 0.1.0 kept commands beside the actors."""


class Header(_Shape):
    """The names that results are told in; see `record.RunHeader`."""

    scenario: Name
    digest: Hash
    overlays: tuple[Name, ...]
    overlay_digest: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    seed: Seed
    engine: Engine
    start: Annotated[str, AfterValidator(_day)] | Literal[""]
    turn_length: TurnLength
    horizon: Annotated[int, Field(ge=1, le=10_000)]
    actors: Names
    moves: dict[Name, Names]
    dyads: Names
    happenings: tuple[Name, ...]
    milestones: Names
    endings: Annotated[Names, Field(min_length=1, max_length=255)]
    unknowns: Names

    def header(self) -> RunHeader:
        """The header itself."""
        return RunHeader(**vars(self))


class Manifest(_Shape):
    """A whole manifest. inputs: the digest of the texts beside it, from version 0.1.0 none."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    asked: Asked
    scenario: Name
    digest: Hash
    seed: Seed
    engine: Engine
    headers: Annotated[dict[Variant, Header], AfterValidator(_baseline_first)]
    expect: dict[Name, dict[Name, Literal["up", "down", "flat"]]]
    numpy: Engine
    python: Engine
    platform: Name
    inputs: Hash | None = None
    seal: Annotated[str | None, Field(alias="sum")] = None


_MANIFEST = TypeAdapter(Manifest)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder.

    Raises StoreError if it is none, or if it or the texts beside it are not as they were written.
    """
    path = folder / MANIFEST
    found = read_json(path)
    try:
        manifest = foreign.shaped(foreign.dumps(found), _MANIFEST, MANIFEST)
    except foreign.Malformed as error:
        raise StoreError(f"{folder} is no folder of results: {error}") from None
    if manifest.seal not in (None, seal_of(found)):
        raise StoreError(f"{path}: damaged: it is not as it was written; copy it anew")
    if manifest.inputs not in (None, inputs_digest(folder)):
        raise StoreError(
            f"{folder / INPUTS}: damaged: its texts are not as they were written; copy it anew"
        )
    return manifest
