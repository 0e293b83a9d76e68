"""The way in for scripts and notebooks."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import quarrel

import wargame as wg
from wargame import api
from wargame.api import Results
from wargame.errors import StoreError, WargameError


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(quarrel.write(tmp_path))
    return tmp_path


@pytest.fixture
def results() -> Results:
    return wg.batch("quarrel", policies=["no-talks"], runs=400, jobs=1, out="out")


def test_the_import_is_fast_and_a_name_always_means_the_same() -> None:
    program = (
        "import sys, wargame as wg\n"
        "print({'numpy', 'pandas', 'yaml', 'pydantic'} & set(sys.modules))\n"
        "print(callable(wg.load), 'batch' in dir(wg))\n"  # first asked for ...
        "import wargame.content.load\n"
        "print(callable(wg.load), wg.load('quarrel').scenario.id)\n"  # ... and once imported
        "from wargame.content.load import load, find\n"
        "print(load('quarrel').digest == wg.load('quarrel').digest)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(quarrel.SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["set()", "True True", "True quarrel", "True"]


def test_there_is_nothing_else_under_the_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        wg.lode  # noqa: B018


def test_the_tables_say_what_the_batch_says(results: Results) -> None:
    data = results.batch.to_json()
    for result in data["results"]:
        for table, kind in ((results.endings, "endings"), (results.milestones, "milestones")):
            for name, row in result[kind].items():
                cells = table.loc[(result["policy"], name)]
                assert {key: cells[key] for key in row} == row
    (comparison,) = data["comparisons"]
    for row in comparison["differences"]:
        cells = results.compare().loc[("no-talks", row["name"])]
        assert (cells["difference"], cells["verdict"]) == (
            row["difference"],
            row["verdict"]["kind"],
        )


def test_rows_can_be_counted_again(results: Results) -> None:
    runs = results.runs
    assert len(runs) == 800 and runs.index.is_unique
    counts = runs.loc["no-talks"].ending.value_counts()
    assert counts["War"] == results.endings.loc[("no-talks", "War"), "count"]
    assert (runs["reached.crisis"] > 0).sum() == results.milestones["count"].sum()
    exchanged = results.exchanges("no-talks")
    both = runs.loc["baseline"].ending.eq("Peace") & runs.loc["no-talks"].ending.eq("War")
    assert exchanged.loc["Peace", "War"] == both.sum()
    with pytest.raises(WargameError, match="no policy 'whisper'"):
        results.exchanges("whisper")


def test_an_opened_folder_gives_the_same_tables(results: Results) -> None:
    again = wg.open_results("out")
    for name in ("endings", "milestones", "runs"):
        assert getattr(again, name).equals(getattr(results, name))
    assert again.policies == ("baseline", "no-talks")
    with pytest.raises(StoreError):
        wg.open_results("nowhere")


def test_directions_are_judged(results: Results) -> None:
    answers = results.expectations().answer
    assert answers[("no-talks", "War")] == "holds"
    assert answers[("no-talks", "Peace")] == "holds"


def test_without_policies_there_is_nothing_to_compare() -> None:
    alone = wg.batch("quarrel", runs=20, jobs=1)
    assert alone.compare().empty
    assert repr(alone).startswith("<quarrel: 20 runs, no policies; ")


def test_a_notebook_shows_a_table(results: Results) -> None:
    html = results._repr_html_()
    share = results.endings.loc[("no-talks", "War"), "share"]
    assert html.startswith("<table>") and f"{100 * share:.2f} %" in html
    assert "shares of model runs" in html


def test_a_run_is_the_row_of_the_batch(results: Results) -> None:
    for number in (0, 17):
        run = wg.run("quarrel", number, overlays=["no-talks"])
        row = results.runs.loc[("no-talks", number)]
        assert (run.ending, run.turns) == (row["ending"], row["turn"])
        assert len(run.gauges) == len(run.stages) == run.turns + 1
        assert run.stages["red-blue"].max() == row["peak.red-blue"]
        assert run.gauges["red.pride"].unique().tolist() == [row["unknown.red.pride"]]
        assert set(run.orders.move) <= {"threaten", "listen"}
        assert f"run {number}" in repr(run)
    assert "Red threatens Blue." in str(run)
    assert "赤が青を脅す。" in run.tell("ja")
    assert run._repr_html_().startswith("<pre>")


SCRIPT = [name for name in dir(wg) if getattr(getattr(wg, name), "__module__", "") == api.__name__]
ASKED: dict[str, dict[str, Any]] = {"calibrate": {"targets": "none"}, "fork": {"turn": 1}}


def whole_numbers() -> list[tuple[str, str]]:
    """Every parameter of a public function that takes a whole number: (function, parameter)."""
    functions = {name: getattr(wg, name) for name in SCRIPT if name.islower()}
    return [
        (name, parameter.name)
        for name, function in functions.items()
        for parameter in inspect.signature(function).parameters.values()
        if re.search(r"\bint\b", str(parameter.annotation))
    ]


def test_the_whole_numbers_that_a_script_may_give_are_found() -> None:
    assert {"batch.runs", "batch.jobs", "run.run", "run.seed", "fork.turn", "odds.futures"} <= {
        ".".join(pair) for pair in whole_numbers()
    }


@pytest.mark.parametrize(("function", "parameter"), whole_numbers())
def test_what_is_no_whole_number_is_refused_before_a_run(
    function: str, parameter: str, place: Path
) -> None:
    for value in (1.5, 1.0, True, False, "1", -1, 2**80, np.float64(1), np.nan):
        with pytest.raises(WargameError, match=f"^{parameter} must be a whole number from"):
            getattr(wg, function)("quarrel", **{**ASKED.get(function, {}), parameter: value})
    assert not (place / "runs").exists()


@pytest.mark.parametrize(
    ("function", "parameter"), [pair for pair in whole_numbers() if pair[0] in ("batch", "run")]
)
def test_numpys_whole_numbers_mean_the_same(function: str, parameter: str) -> None:
    def told(value: Any) -> str:
        asked = {"runs": 3, "jobs": 1} if function == "batch" else {}
        found = getattr(wg, function)("quarrel", **{**asked, parameter: value})
        if function == "run":
            return str(found)
        again = wg.open_results(found.folder)
        return json.dumps({**again.batch.to_json(), "out": ""})

    assert told(np.int64(1)) == told(np.uint8(1)) == told(1)


@pytest.mark.parametrize("asked", [{"run": -1}, {"run": 2**63}, {"seed": -1}, {"seed": 2**64}])
def test_a_run_that_cannot_be(asked: dict[str, int]) -> None:
    with pytest.raises(WargameError):
        wg.run("quarrel", **asked)


def test_one_policy_may_be_named_without_a_list() -> None:
    one, many = (wg.batch("quarrel", policies=asked, runs=60) for asked in ("threats", ["threats"]))
    assert one.endings.equals(many.endings)


def test_a_run_is_told_in_no_other_language() -> None:
    with pytest.raises(WargameError, match="en or ja, not 'fr'"):
        wg.run("quarrel").tell("fr")
