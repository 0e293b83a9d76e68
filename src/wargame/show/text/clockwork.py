"""Gauges that go the same way in every run, such as the week of the year: they are no news."""

from __future__ import annotations

from wargame.engine.scenario import Scenario
from wargame.expression import parse


def clockwork(scenario: Scenario) -> frozenset[str]:
    """The gauges that nothing changes but a drift that reads only the turn and gauges like it."""
    file, rows = scenario.spec.scenario, scenario.rows
    reached = {*scenario.news.rows.tolist(), *scenario.moves.rows.tolist()}
    alike = {name for name in file.gauges if rows[name] not in reached}
    drifts = {name: parse(file.drift[name].value.text) for name in alike & file.drift.keys()}
    while others := {
        name
        for name, drift in drifts.items()
        if name in alike and (drift.calls() or not drift.names() <= alike | {"turn"})
    }:
        alike -= others
    return frozenset(alike)
