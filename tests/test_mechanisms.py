"""docs/mechanisms.md names the YAML that carries each claim of the sources; every name exists."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from shipped import shipped_spec

from wargame.content.load import list_available

PAGE = Path(__file__).parents[1] / "docs" / "mechanisms.md"
ROWS = [
    line
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| claim")
]


@cache
def names() -> frozenset[str]:
    """Everything that has a name in the shipped scenarios."""
    spec = shipped_spec("kherson-2022")
    scenario = spec.scenario
    parts = (scenario.gauges, scenario.unknowns, scenario.derived, scenario.endings)
    return frozenset(
        {
            *(name for part in parts for name in part),
            *scenario.milestones,
            *spec.moves,
            *(event.id for event in scenario.chance),
            *(inject.id for inject in scenario.injects if inject.id),
            *(f"{actor.id}/{rule.id}" for actor in spec.actors for rule in actor.rules),
            *("stage({}, {})".format(*dyad.split("-")) for dyad in scenario.dyads),
            *shipped_spec("cuba-2021").scenario.endings,
            *(name for kind in ("scenario", "policy") for name, _, _ in list_available(kind)),
        }
    )


def test_every_name_in_a_row_exists() -> None:
    for row in ROWS:
        named = set(re.findall(r"`([^`]+)`", row))
        assert named, f"a claim without a mechanism: {row}"
        assert named <= names(), row


def test_every_policy_varies_a_claim() -> None:
    policies = [f"`{name}`" for name, _, _ in list_available("policy")]
    assert policies
    assert [name for name in policies if not any(name in row for row in ROWS)] == []
