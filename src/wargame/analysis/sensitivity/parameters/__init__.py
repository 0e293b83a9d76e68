"""Every number that rests on an assumption, as a lever that can be turned in each run apart.

Most levers are hidden gauges: what is written is multiplied by one that stands at 1000, per
mille, or read from one that stands at the number itself. As long as it does, every run goes as
it is written, to the last number; set another value in some runs, and in those the assumption is
another one. So one compiled scenario plays any mixture of assumptions side by side, under the
same luck. Starts of gauges and of dyads and unknowns need no hidden gauge: their own cells are
set.

`lever` says what a lever is and gathers them; `scaled` turns weights, odds, paces and effects,
`thresholds` the numbers in the conditions of rules, `ties` what one actor can move another,
`starts` where the world begins, `resistances` the ladder; `playing` plays runs in which they are
turned.

What is left out: numbers whose source is not an assumption; numbers in the conditions of moves,
events, milestones and endings; the success and consent of moves; outcomes of events; dated news;
noise; derived gauges; and the stages at which a form of intervention works.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from wargame.analysis.sensitivity.parameters import resistances, scaled, starts, ties
from wargame.analysis.sensitivity.parameters.parameter import (
    KINDS as KINDS,
)
from wargame.analysis.sensitivity.parameters.parameter import (
    LESS as LESS,
)
from wargame.analysis.sensitivity.parameters.parameter import (
    MORE as MORE,
)
from wargame.analysis.sensitivity.parameters.parameter import (
    USUAL as USUAL,
)
from wargame.analysis.sensitivity.parameters.parameter import (
    Bench,
    Lever,
)
from wargame.analysis.sensitivity.parameters.parameter import (
    Kind as Kind,
)
from wargame.analysis.sensitivity.parameters.parameter import (
    assumed as assumed,
)
from wargame.analysis.sensitivity.parameters.parameter import (
    both as both,
)
from wargame.analysis.sensitivity.parameters.parameter import (
    shown_file as shown_file,
)
from wargame.analysis.sensitivity.parameters.playing import play_set as play_set
from wargame.analysis.sensitivity.parameters.playing import quantile as quantile
from wargame.analysis.sensitivity.parameters.resistances import line_of as line_of
from wargame.analysis.sensitivity.parameters.starts import unknown_levers as unknown_levers
from wargame.compiler import compile_scenario
from wargame.content.spec import Spec
from wargame.engine.scenario import Scenario


def with_levers(spec: Spec, only: Collection[str] | None = None) -> tuple[Spec, tuple[Lever, ...]]:
    """`spec` with a hidden gauge for every assumption that needs one, and all levers.

    only: the cells of the levers that are to be turned; the spec is made ready for no others,
    and so is smaller and plays faster. Compile it with `compile_levered`, which also lets the
    ladder's levers act.
    """
    bench = Bench(only)
    levered = scaled.turn(bench, spec)
    levered = ties.turn(bench, levered)
    starts.add(bench, spec)
    resistances.add(bench, spec)
    file = levered.scenario
    gauges = {**file.gauges, **bench.hidden}
    levered = replace(levered, scenario=file.model_copy(update={"gauges": gauges}))
    return levered, tuple(bench.levers)


def compile_levered(spec: Spec, only: Collection[str] | None = None) -> Scenario:
    """The scenario with its levers, ready for `play_set`. Raises SpecError for faults."""
    return resistances.laid(compile_scenario(with_levers(spec, only)[0]))
