"""Where the world begins: starts of gauges, stages and heat of dyads, and the unknowns."""

from __future__ import annotations

import numpy as np

from wargame.analysis.sensitivity.parameters.parameter import (
    FEWEST,
    HEAT,
    STAGE,
    Bench,
    Lever,
    assumed,
    both,
    of,
    place_of,
    titled,
    unit_of,
)
from wargame.analysis.sensitivity.parameters.playing import quantile
from wargame.content.source_marks import NOWHERE
from wargame.content.spec import Spec
from wargame.engine import ladder
from wargame.engine.scenario import Scenario

STEP = 5  # per cent of a gauge's range, by which its start is moved
HEAT_STEP = 40  # what an ordinary week's move adds at most (see `ladder`)


def add(bench: Bench, spec: Spec) -> None:
    """The levers of the starts that are assumptions."""
    file = spec.scenario
    for name, gauge in file.gauges.items():
        if not assumed(gauge.source) or gauge.max - gauge.min < FEWEST:
            continue
        if not gauge.start.text.lstrip("-").isdecimal():
            continue
        usual = int(gauge.start.text)
        step = (gauge.max - gauge.min) * STEP // 100
        bench.add(
            "start",
            name,
            of(titled(name, file), "at the start", "初期値"),
            gauge,
            (max(gauge.min, usual - step), min(gauge.max, usual + step)),
            at=gauge.at if gauge.start.at == NOWHERE else gauge.start.at,
            usual=usual,
            unit=unit_of(gauge.unit),
            cell=name,
            own=True,
        )
    for name, dyad in file.dyads.items():
        if not assumed(dyad.source):
            continue
        who = both(dyad.title, name)
        limit = ladder.HEAT_LIMIT
        for part, ja, usual, step, low, high, unit in (
            ("stage", "開始時の段階", dyad.stage, 1, ladder.LOWEST, ladder.HIGHEST, STAGE),
            ("heat", "開始時の熱", dyad.heat, HEAT_STEP, -limit, limit, HEAT),
        ):
            bench.add(
                "dyad",
                name,
                of(who, f"{part} at the start", ja),
                dyad,
                (max(low, usual - step), min(high, usual + step)),
                usual=usual,
                unit=unit,
                part=part,
                cell=f"{part}({name})",
                own=True,
            )


def unknown_levers(spec: Spec, scenario: Scenario) -> tuple[Lever, ...]:
    """The unknowns whose range is an assumption, from their 10th to their 90th percentile."""
    found = []
    for unknown in scenario.unknowns:
        written = spec.scenario.unknowns[unknown.name]
        if len(unknown.values) == 1 or not assumed(written.source):
            continue
        less, more = quantile(unknown, np.array([0.1, 0.9])).tolist()
        found.append(
            Lever(
                cell=unknown.name,
                kind="unknown",
                name=unknown.name,
                title=titled(unknown.name, spec.scenario),
                source=" ".join(str(written.source or "").split()),
                less=less,
                more=more,
                usual=None,
                unit=unit_of(written.unit),
                place=place_of(written.at),
            )
        )
    return tuple(found)
