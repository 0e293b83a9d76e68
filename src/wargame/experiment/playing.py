"""What a worker does with a chunk of a batch: compile the variant once, then play its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wargame.compiler import compile_scenario
from wargame.course import play_runs
from wargame.load import load_texts
from wargame.record import Outcomes, RunHeader
from wargame.scenario import Scenario

PLAY = f"{__name__}:play"
PREPARE = f"{__name__}:prepare"

Columns = dict[str, NDArray[Any]]


def prepare(task: Mapping[str, Any]) -> Scenario:
    """The compiled scenario of a variant, from the texts that travel with its tasks."""
    return compile_scenario(load_texts(task["inputs"]))


def play(task: Mapping[str, Any]) -> Columns:
    """Play the runs of one chunk; one column per thing that a row of results says."""
    scenario: Scenario = task["prepared"]
    outcomes = play_runs(scenario, np.arange(task["start"], task["stop"]), task["seed"])
    return columns_of(outcomes, scenario.header)


def columns_of(outcomes: Outcomes, header: RunHeader) -> Columns:
    """Outcomes as named columns, one element a run.

    ending (index into the header's endings), turn, decided, reached.NAME (turn, 0 if never),
    peak.DYAD (highest stage), unknown.NAME, trail (the rolling hash that proves the run).
    """
    columns: Columns = {
        "ending": outcomes.ending.astype(np.uint8),
        "turn": outcomes.turn.astype(np.uint16),
        "decided": outcomes.decided.astype(np.uint16),
    }
    for name, row in zip(header.milestones, outcomes.reached, strict=True):
        columns[f"reached.{name}"] = row.astype(np.uint16)
    for name, row in zip(header.dyads, outcomes.peak, strict=True):
        columns[f"peak.{name}"] = row.astype(np.uint8)
    for name, row in zip(header.unknowns, outcomes.unknown, strict=True):
        columns[f"unknown.{name}"] = row.astype(np.int32)
    columns["trail"] = outcomes.trail
    return columns
