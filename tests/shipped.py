"""What comes with the program, read and compiled once for all tests of a process."""

from __future__ import annotations

from functools import cache

from wargame.compiler import compile_scenario
from wargame.content.load import load
from wargame.content.spec import Spec
from wargame.engine.scenario import Scenario

SHIPPED = ("kherson-2022", "bridge-2022", "cuba-2021", "kaboom-2022", "tegmark-tree")


@cache
def shipped_spec(name: str, *overlays: str) -> Spec:
    """A scenario as its author wrote it, under policies or a worldview."""
    return load(name, overlays)


@cache
def shipped(name: str, *overlays: str) -> Scenario:
    """The same, compiled."""
    return compile_scenario(shipped_spec(name, *overlays))
