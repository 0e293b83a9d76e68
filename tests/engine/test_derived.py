"""Derived gauges that no engine could compute: derived from themselves, or towers of powers."""

from __future__ import annotations

import pytest

from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.errors import SpecError

HEAD = "schema: 1\nid: x\ntitle: X\nturn: {horizon: 4}\nderived:\n"


def faults(derived: str) -> list[str]:
    with pytest.raises(SpecError) as refused:
        compile_scenario(load_texts({"scenario.yaml": HEAD + derived}))
    return [str(fault) for fault in refused.value.faults]


def test_a_circle_is_one_fault_for_each_gauge_in_it() -> None:
    assert faults("  a: b + 1\n  b: c + 1\n  c: a + 1\n  d: 5\n") == [
        f"scenario.yaml:{line}:6: {name} is derived from itself, in a circle"
        for line, name in ((6, "a"), (7, "b"), (8, "c"))
    ]


def test_a_tower_of_powers_is_refused_where_it_leaves_64_bits() -> None:
    """1000, 10**6, 10**12, 10**24, and on: its ends must not be computed digit by digit."""
    tower = "  d0: 1000\n" + "".join(f"  d{i + 1}: d{i} * d{i}\n" for i in range(200))
    first, *rest = faults(tower)
    assert first.startswith("scenario.yaml:9:7: d2 * d2: values may not fit in int64")
    assert rest
