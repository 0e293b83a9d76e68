"""A scenario that is ready to play: from the cache, or else compiled from its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from wargame.backends.lowering import program_of
from wargame.boundary.cache import keep, kept
from wargame.engine.record import RunHeader
from wargame.engine.scenario import Scenario

if TYPE_CHECKING:
    from wargame.content.spec import Spec

__all__ = ["compiled", "opened", "run_header"]


def opened(name_or_path: str | Path, overlays: str | Sequence[str | Path] = ()) -> Scenario:
    """A scenario by name or path, with overlays, ready to play; as `load`, which see."""
    from wargame.content.load import load

    spec = load(name_or_path, overlays)
    return compiled(spec.inputs, spec)


def compiled(inputs: Mapping[str, str], spec: Spec | None = None) -> Scenario:
    """The scenario of these texts, as `load_texts` takes them. Raises SpecError.

    spec: what was read from them, if they have been read.
    """
    key = _key(inputs)
    found = kept(Scenario, key)
    if found is None:
        # Whoever finds it in the cache needs neither the reader nor the compiler.
        from wargame.compiler import compile_scenario
        from wargame.content.load import load_texts

        found = compile_scenario(spec or load_texts(inputs))
        program_of(found)  # kept with it
        keep(found, key)
    return found


def run_header(inputs: Mapping[str, str], spec: Spec | None = None) -> RunHeader:
    """What the results of the compiled scenario are about, without taking all of it in hand."""
    key = _key(inputs)
    found = kept(RunHeader, key)
    if found is None:
        found = compiled(inputs, spec).header
        keep(found, key)
    return found


def _key(inputs: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(chain.from_iterable(sorted(inputs.items())))
