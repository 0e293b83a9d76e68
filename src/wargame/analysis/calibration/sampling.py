"""Play some runs of a spec and keep how they ended."""

from __future__ import annotations

from typing import Any

import numpy as np

from wargame.backends.simulate import play_runs
from wargame.batches.playing import LastFew
from wargame.batches.store.columns import Columns
from wargame.batches.study import Jobs, OnProgress, studying
from wargame.compiler import compile_scenario
from wargame.content.digest import digest
from wargame.content.spec import Spec
from wargame.engine.record import Outcomes
from wargame.engine.scenario import Scenario

_ALONE = ("ending", "turn", "decided", "trail")
_SETS = ("reached", "peak", "unknown")


def sample(
    spec: Spec,
    runs: range,
    seed: int,
    jobs: Jobs = 1,
    on_progress: OnProgress | None = None,
    what: str = "runs",
) -> Outcomes:
    """The outcomes of these runs, in order, without what was played in them; for any `jobs` alike.

    what: what the stage is called.
    """
    with studying(jobs) as study:
        found = study.map(
            what,
            f"{__name__}:play",
            runs,
            about={"spec": about(spec), "seed": seed},
            settings={"key": about(spec), "spec": spec, "luck": seed},
            on_progress=on_progress,
        )
    sets = {name: [c for key, c in found.items() if key.startswith(f"{name}.")] for name in _SETS}
    return Outcomes(
        run=np.asarray(runs),
        **{name: found[name] for name in _ALONE},
        **{name: np.array(rows).reshape(-1, len(runs)) for name, rows in sets.items()},
        played={},
    )


def about(spec: Spec) -> str:
    """A digest of all of a spec that its runs depend on, whatever it was made of."""
    barred = sorted(map(list, spec.barred))
    return digest([spec.scenario, spec.actors, spec.moves, *(tuple(pair) for pair in barred)])


def play(task: dict[str, Any]) -> Columns:
    """How the runs of a task end, a column for each row of the outcomes."""
    scenario = _scenarios.get(task["key"], lambda: compile_scenario(task["spec"]))
    found = play_runs(scenario, np.arange(task["start"], task["stop"]), task["luck"])
    columns = {name: getattr(found, name) for name in _ALONE}
    for name in _SETS:
        for place, row in enumerate(getattr(found, name)):
            columns[f"{name}.{place:04}"] = row
    return columns


_scenarios: LastFew[Scenario] = LastFew()
