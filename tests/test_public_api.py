"""The face that scripts are written against: its names, its signatures, what it costs to import."""

from __future__ import annotations

import ast
import builtins
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import quarrel

import wargame as wg

SIGNATURES = {
    "Actor": "(model, spec, seat)",
    "Crisis": "(scenario, seed, runs, run, rng)",
    "Results": "(batch)",
    "Run": "(replay)",
    "batch": "(scenario, policies, runs, *, worldview, seed, until, jobs, out, resume, cluster, "
    "seats)",
    "calibrate": "(scenario, targets, *, name, dials, runs, seed, budget, settings, jobs)",
    "check": "(*files)",
    "compile_scenario": "(spec, dtype)",
    "fork": "(run, turn, orders, *, injects, out)",
    "load": "(name_or_path, overlays)",
    "odds": "(run, futures, *, jobs)",
    "open_results": "(folder)",
    "open_run": "(where)",
    "run": "(scenario, run, *, seed, overlays)",
    "sensitivity": "(scenario, *, overlays, policies, worldviews, parts, pairs, seed, jobs)",
}
"""By name: the parameters in their order. A change here is a change that scripts notice."""

ERRORS = {"OrderError", "ReplayError", "SpecError", "StoreError", "WargameError"}
STUBS = Path(wg.__file__).with_suffix(".pyi")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(quarrel.write(tmp_path))


def signature(name: str) -> str:
    """Names alone: `(a, *, b)`. Annotations and defaults are the type checker's."""
    parameters = inspect.signature(getattr(wg, name)).parameters.values()
    bare = [one.replace(annotation=one.empty, default=one.empty) for one in parameters]
    return str(inspect.Signature(bare))


def test_the_face_is_these_names_and_no_others() -> None:
    assert set(dir(wg)) == {*SIGNATURES, *ERRORS, "Scenario", "__version__"}
    assert {*wg.__all__, "__version__"} == set(dir(wg))


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_scripts_call_takes_these_parameters(name: str) -> None:
    assert signature(name) == SIGNATURES[name]


def test_type_checkers_are_told_the_same_names() -> None:
    tree = ast.parse(STUBS.read_text(encoding="utf-8"))
    told = {
        alias.asname
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert told == set(wg.__all__)


def test_everything_else_that_a_script_catches_is_a_wargame_error() -> None:
    assert all(issubclass(getattr(wg, name), wg.WargameError) for name in ERRORS)


def test_importing_the_face_imports_nothing_heavy() -> None:
    program = (
        "import sys, wargame\n"
        "print(*(sorted({'numpy', 'pydantic', 'yaml', 'mesa', 'pandas'} & set(sys.modules))))\n"
        "wargame.SpecError, dir(wargame)\n"
        "print(*(sorted({'numpy', 'pydantic', 'yaml', 'mesa', 'pandas'} & set(sys.modules))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["", ""]


def test_star_imports_leave_the_builtin_open_alone() -> None:
    namespace: dict[str, object] = {}
    exec("from wargame import *\nfound = open", namespace)
    assert namespace["found"] is builtins.open


def test_the_old_open_works_and_names_the_new_one() -> None:
    with pytest.warns(DeprecationWarning, match="wg.open_results"):
        assert wg.open is wg.open_results


def test_a_run_is_the_same_played_and_opened_again() -> None:
    results = wg.batch("quarrel", runs=5, jobs=1, out="out")
    played, opened = wg.run("quarrel", 3), wg.open_run(f"{results.folder}#3")
    assert opened.ending == played.ending == results.runs.loc[("baseline", 3), "ending"]
    assert opened.gauges.equals(played.gauges) and str(opened) == str(played)


def test_a_fork_parts_from_its_run_in_the_turn_that_is_changed() -> None:
    run = wg.run("quarrel", 3)
    assert run.orders.query("turn == 2 and actor == 'red'").empty
    fork = wg.fork(run, 2, {"red": "talk"}, out="fork.jsonl")
    assert fork.orders.query("turn == 2 and actor == 'red'").move.item() == "talk"
    assert fork.gauges.loc[:1].equals(run.gauges.loc[:1])
    assert wg.open_run("fork.jsonl").gauges.equals(fork.gauges)
    with pytest.raises(wg.OrderError, match="no move 'shout'"):
        wg.fork(run, 2, {"red": ["shout"]})


def test_the_odds_of_a_run_end_at_its_ending() -> None:
    run = wg.run("quarrel", 3)
    odds = wg.odds(run, 50, jobs=1)
    endings = odds.loc[0].loc[list(run.replay.scenario.header.endings)]
    assert endings["count"].sum() == 50
    assert odds.loc[(run.turns, run.ending), "share"] == 1.0


def test_faults_are_found_with_their_place() -> None:
    Path("broken.yaml").write_text("kind: policy\ncolour: red\n", encoding="utf-8")
    (fault, *_) = wg.check("broken.yaml").faults
    assert fault.at is not None and fault.at.file.endswith("broken.yaml")
    sound = wg.check("scenarios/quarrel.yaml")
    assert sound.faults == () and len(sound.sound) == 1
