"""Sensitivity: levers that change nothing until they are turned, and drivers that are known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from wargame.cli import main
from wargame.compiler import compile_scenario
from wargame.course import play_runs
from wargame.errors import WargameError
from wargame.experiment.levers import assumed, play_set, quantile, unknown_levers, with_levers
from wargame.experiment.sensitivity import sensitivity
from wargame.load import load, load_texts
from wargame.spec import Text

# Whether `hit` comes is decided by `strong` and luck; `idle` does nothing; the chance of `hit` is
# an assumption, that of `miss` is not.
SCENARIO = """
schema: 1
id: two-unknowns
title: Two unknowns
turn: {length: 1 day, horizon: 2}
gauges:
  state: {start: 0, max: 3, source: test}
  bias: {start: 0, source: assumption}
unknowns:
  strong: {between: [0, 600], source: assumption, title: {en: Strong, ja: 強い}}
  idle: {between: [0, 1000], source: assumption}
chance:
  - {id: hit, when: state == 0, chance: strong + bias, effects: {state: "=1"}, source: assumption}
  - {id: miss, when: turn == 1, chance: 5, effects: {bias: 0}, source: counted}
milestones:
  seen: {when: state == 1}
endings:
  Hit: {when: state == 1}
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "two-unknowns.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    return str(file)


def test_levers_at_rest_change_nothing() -> None:
    spec = load("kherson-2022")
    levered, levers = with_levers(spec)
    plain = play_runs(compile_scenario(spec), range(60), seed=3)
    at_rest = {lever.cell: lever.usual for lever in levers}
    (set_,) = play_set(compile_scenario(levered), at_rest, np.arange(60), 3)  # type: ignore[arg-type]
    for name in ("ending", "turn", "decided", "reached", "peak", "unknown"):
        assert np.array_equal(getattr(plain, name), getattr(set_, name)), name
    kinds = {lever.kind for lever in levers}
    assert kinds == {"rule", "start", "chance", "drift", "weight", "effects"}
    assert len({lever.cell for lever in levers}) == len(levers) > 300


def test_a_cell_that_is_set_is_the_overlay_that_says_so(tmp_path: Path) -> None:
    overlay = tmp_path / "sure.yaml"
    overlay.write_text(
        "schema: 1\nid: sure\nkind: worldview\ntitle: Sure\nfor: [kherson-2022]\n"
        "unknowns: {russia.resolve: {is: 900}}\nstart: {violence: 700}\n",
        encoding="utf-8",
    )
    laid = play_runs(compile_scenario(load("kherson-2022", [str(overlay)])), range(40), seed=1)
    scenario = compile_scenario(load("kherson-2022"))
    cells = {"russia.resolve": 900, "violence": 700}
    (set_,) = play_set(scenario, cells, np.arange(40), 1)
    assert np.array_equal(laid.ending, set_.ending)
    assert np.array_equal(laid.turn, set_.turn)


def test_a_rows_answer_does_not_depend_on_its_neighbours() -> None:
    levered, levers = with_levers(load("kherson-2022"))
    scenario = compile_scenario(levered)
    half = {lever.cell: np.array([lever.less, lever.more] * 10) for lever in levers}
    runs = np.repeat(np.arange(10), 2)
    (mixed,) = play_set(scenario, half, runs, 5)
    for side in (0, 1):
        alone = {name: values[side] for name, values in half.items()}
        (apart,) = play_set(scenario, alone, np.arange(10), 5)
        assert np.array_equal(apart.ending, mixed.ending[side::2])


def test_turning_an_events_odds_turns_its_frequency() -> None:
    spec = load_texts({"scenario.yaml": SCENARIO})
    levered, levers = with_levers(spec)
    assert [(lever.kind, lever.name) for lever in levers] == [("chance", "hit"), ("start", "bias")]
    scenario = compile_scenario(levered)
    hits = [
        np.mean(next(play_set(scenario, {levers[0].cell: level}, np.arange(4000), 1)).ending == 0)
        for level in (levers[0].less, 1000, levers[0].more)
    ]
    one_turn = np.array([0.2, 0.3, 0.45])  # of the mean chance of 300 per mille
    spread = 173 / 1000 * np.array([0.667, 1, 1.5])  # a uniform unknown's standard deviation
    exact = 1 - (1 - one_turn) ** 2 - spread**2
    assert np.allclose(hits, exact, atol=0.03)


def test_quantiles_follow_what_the_unknown_is_drawn_from() -> None:
    scenario = compile_scenario(load("kherson-2022"))
    drawn = play_runs(scenario, range(2000)).unknown
    for unknown, values in zip(scenario.unknowns, drawn, strict=True):
        shares = np.array([0.1, 0.5, 0.9])
        low = np.mean(values[:, None] < quantile(unknown, shares), axis=0)
        assert np.allclose(low, shares, atol=0.04)


def test_what_counts_as_an_assumption() -> None:
    assert assumed(None)
    assert assumed(Text(en="CNN 2024; the value is an Assumption"))
    assert not assumed(Text(en="Woodward 2024"))
    spec = load("kherson-2022")
    named = {lever.name for lever in unknown_levers(spec, compile_scenario(spec))}
    assert "front.drift" in named and "russia.resolve" not in named


def test_the_driver_that_is_known_is_found(path: str) -> None:
    pytest.importorskip("SALib")
    found = sensitivity(path, pairs=1000, screen=1000, base=512)
    by_name = {index.name: index for index in found.indices["Hit"]}
    # Of the variance of one run: strong alone explains Var(p), the rest is luck.
    p = 1 - (1 - np.arange(601) / 1000) ** 2
    share = p.var() / (p.mean() * (1 - p.mean()))
    strong, idle, luck = by_name["strong"], by_name["idle"], by_name["luck"]
    assert abs(strong.first - share) < 0.15
    assert abs(idle.first) < 0.05 and abs(idle.total) < 0.05
    assert luck.total > 0.6
    assert strong.pawn is not None and strong.floor is not None and idle.pawn is not None
    assert strong.pawn > strong.floor > idle.pawn
    top = found.tornado["Hit"][0]
    assert top.lever in ("strong", "hit")
    assert top.resolved and top.less[0] < 0 < top.more[0]
    resolved = {bar.lever for bar in found.tornado["Hit"] if bar.resolved}
    assert "idle" not in resolved
    assert found.regions["Hit"].regions[0].limits[0].unknown == "strong"
    assert "Strong" in found.words("en") and "強い" in found.words("ja")


def test_jobs_do_not_change_the_answer(path: str) -> None:
    asked = {"parts": ["tornado", "regions"], "pairs": 300, "screen": 1000}
    assert sensitivity(path, jobs=1, **asked) == sensitivity(path, jobs=2, **asked)  # type: ignore[arg-type]


def test_regret_over_worldviews(path: str, tmp_path: Path) -> None:
    for kind, name, value in (("policy", "calm", 0), ("worldview", "grim", 600)):
        (tmp_path / f"{name}.yaml").write_text(
            f"schema: 1\nid: {name}\nkind: {kind}\ntitle: {name}\nfor: [two-unknowns]\n"
            + (f"start: {{bias: {value}}}\nchance: [{{id: hit, remove: true}}]\n"
               if kind == "policy" else f"unknowns: {{strong: {{is: {value}}}}}\n"),
            encoding="utf-8",
        )  # fmt: skip
    found = sensitivity(
        path,
        parts=["regret"],
        pairs=400,
        policies=[str(tmp_path / "calm.yaml")],
        worldviews=[str(tmp_path / "grim.yaml")],
    )
    answer = found.regret["Hit"]
    assert answer.minimax == (str(tmp_path / "calm.yaml"),)
    grim = 1 - 0.4**2
    assert abs(answer["baseline"].maximum - grim) < 0.06


def test_without_salib_it_says_what_to_do(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib", None)
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(WargameError, match="wargame\\[sensitivity\\]"):
        sensitivity(path)
    assert sensitivity(path, parts=["regions"], pairs=200).indices == {}


def test_the_command_keeps_the_answer_for_the_report(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["sensitivity", path, "--only", "tornado", "--pairs", "200", "--screen", "1000"]
    assert main([*asked, "--jobs", "1", "--out", str(tmp_path)]) == 0
    assert "turned up" in capsys.readouterr().out
    kept = json.loads((tmp_path / "sensitivity.json").read_text(encoding="utf-8"))
    assert kept["tornado"]["Hit"] and kept["words"]["ja"]
    assert main([*asked, "--jobs", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == kept
    assert main(["sensitivity", path, "--only", "magic"]) == 2
    assert "magic" in capsys.readouterr().err
