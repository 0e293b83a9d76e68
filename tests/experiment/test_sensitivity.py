"""Sensitivity: levers that change nothing until they are turned, and drivers that are known."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shipped import shipped, shipped_spec

from wargame.analysis.sensitivity.answer import Bar, Cost, Index, Sensitivity
from wargame.analysis.sensitivity.parameters import compile_levered, with_levers
from wargame.analysis.sensitivity.parameters.parameter import KINDS, assumed
from wargame.analysis.sensitivity.parameters.playing import play_set, quantile
from wargame.analysis.sensitivity.parameters.starts import unknown_levers
from wargame.analysis.sensitivity.study import sensitivity
from wargame.backends.simulate import play_runs
from wargame.cli.main import main
from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.content.spec import Text
from wargame.errors import WargameError

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
    spec = shipped_spec("kherson-2022")
    levers = with_levers(spec)[1]
    plain = play_runs(compile_scenario(spec), range(60), seed=3)
    at_rest = {lever.cell: lever.usual for lever in levers if lever.sides}
    (set_,) = play_set(compile_levered(spec), at_rest, np.arange(60), 3)  # type: ignore[arg-type]
    for name in ("ending", "turn", "decided", "reached", "peak", "unknown"):
        assert np.array_equal(getattr(plain, name), getattr(set_, name)), name
    kinds = {lever.kind for lever in levers}
    assert kinds == set(KINDS) - {"unknown"}
    assert len({lever.cell for lever in levers}) == len(levers) > 600


def test_a_cell_that_is_set_is_the_overlay_that_says_so(tmp_path: Path) -> None:
    overlay = tmp_path / "sure.yaml"
    overlay.write_text(
        "schema: 1\nid: sure\nkind: worldview\ntitle: Sure\nfor: [kherson-2022]\n"
        "unknowns: {russia.resolve: {is: 900}}\nstart: {violence: 700}\n",
        encoding="utf-8",
    )
    laid = play_runs(compile_scenario(load("kherson-2022", [str(overlay)])), range(40), seed=1)
    scenario = shipped("kherson-2022")
    cells = {"russia.resolve": 900, "violence": 700}
    (set_,) = play_set(scenario, cells, np.arange(40), 1)
    assert np.array_equal(laid.ending, set_.ending)
    assert np.array_equal(laid.turn, set_.turn)


def test_a_rows_answer_does_not_depend_on_its_neighbours() -> None:
    spec = shipped_spec("kherson-2022")
    scenario = compile_levered(spec)
    half = {
        lever.cell: np.array([lever.sides[0], lever.sides[-1]] * 10)
        for lever in with_levers(spec)[1]
        if lever.sides
    }
    runs = np.repeat(np.arange(10), 2)
    (mixed,) = play_set(scenario, half, runs, 5)
    for side in (0, 1):
        alone = {name: values[side] for name, values in half.items()}
        (apart,) = play_set(scenario, alone, np.arange(10), 5)
        assert np.array_equal(apart.ending, mixed.ending[side::2])


def test_turning_an_events_odds_turns_its_frequency() -> None:
    spec = load_texts({"scenario.yaml": SCENARIO})
    levers = with_levers(spec)[1]
    assert [(lever.kind, lever.name) for lever in levers] == [("chance", "hit"), ("start", "bias")]
    scenario = compile_levered(spec)
    hits = [
        np.mean(next(play_set(scenario, {levers[0].cell: level}, np.arange(4000), 1)).ending == 0)
        for level in (667, 1000, 1500)
    ]
    one_turn = np.array([0.2, 0.3, 0.45])  # of the mean chance of 300 per mille
    spread = 173 / 1000 * np.array([0.667, 1, 1.5])  # a uniform unknown's standard deviation
    exact = 1 - (1 - one_turn) ** 2 - spread**2
    assert np.allclose(hits, exact, atol=0.03)


def test_quantiles_follow_what_the_unknown_is_drawn_from() -> None:
    scenario = shipped("kherson-2022")
    drawn = play_runs(scenario, range(2000)).unknown
    for unknown, values in zip(scenario.unknowns, drawn, strict=True):
        shares = np.array([0.1, 0.5, 0.9])
        low = np.mean(values[:, None] < quantile(unknown, shares), axis=0)
        assert np.allclose(low, shares, atol=0.04)


def test_what_counts_as_an_assumption() -> None:
    assert assumed(None)
    assert assumed(Text(en="CNN 2024; the value is an Assumption"))
    assert not assumed(Text(en="Woodward 2024"))
    spec = shipped_spec("kherson-2022")
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
    assert top.less is not None and top.more is not None
    assert top.resolved and top.less[0] < 0 < top.more[0]
    resolved = {bar.lever for bar in found.tornado["Hit"] if bar.resolved}
    assert "idle" not in resolved
    assert found.regions["Hit"].regions[0].limits[0].unknown == "strong"
    assert "Strong" in found.words("en") and "強い" in found.words("ja")


def test_a_certain_event_has_one_side_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "certain.yaml"
    file.write_text(
        """
schema: 1
id: certain
title: A certain event
turn: {length: 1 day, horizon: 1}
gauges:
  state: {start: 0, max: 3, source: test}
  still: {start: 0, max: 12, source: assumption}
chance:
  - {id: hit, chance: 1000, effects: {state: "=1"}, source: assumption}
endings:
  Hit: {when: state == 1}
""",
        encoding="utf-8",
    )
    found = sensitivity(str(file), parts=["tornado"], pairs=4000, screen=1000)
    (bar,) = found.tornado["Hit"]
    assert bar.more is None and bar.high is None and bar.swing is None
    # Turned down to 667 per mille, it fails to come in 333 of a thousand runs.
    assert bar.less is not None and bar.less[1] < -0.333 < bar.less[2] and bar.resolved
    assert bar.reach == abs(bar.less[0])
    assert [one.lever for one in found.fixed] == ["still"]  # a step of its range is no step
    for lang, up, none in (
        ("en", "cannot be turned up", "cannot be turned at all: still"),
        ("ja", "上げられない", "まったく動かせないもの：still"),
    ):
        assert up in found.words(lang) and none in found.words(lang)
        asked = [
            "sensitivity",
            str(file),
            "--only",
            "tornado",
            "--pairs",
            "200",
            "--screen",
            "1000",
        ]
        assert main([*asked, "--jobs", "1", "--lang", lang]) == 0
        table = capsys.readouterr().out.split("\n\n")[1]
        assert up in table and "+0.00" not in table and "certain.yaml:10" in table
    kept = json.loads(json.dumps(found.to_json()))["tornado"]["Hit"][0]
    assert kept["more"] is None and kept["low"] == 667 and kept["place"] == "certain.yaml:10"


def test_what_is_not_looked_at_closely_is_named(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wargame.analysis.sensitivity.study.CLOSER", 1)
    monkeypatch.setattr("wargame.analysis.sensitivity.study.FEW", 1)
    found = sensitivity(path, parts=["tornado"], pairs=200, screen=1000)
    looked_at = {bar.lever for bar in found.tornado["Hit"]}
    out = {one.lever for one in found.screened_out}
    assert looked_at and out and not looked_at & out
    assert looked_at | out == {"hit", "bias", "strong", "idle"}
    assert f"{len(out)} screened out" in found.words("en")
    assert f"選別で外した仮定{len(out)}件" in found.words("ja")


def test_the_cost_is_told_before_the_first_run(path: str) -> None:
    told: list[Cost | tuple[int, int]] = []
    sensitivity(
        path,
        parts=["tornado", "regions"],
        pairs=200,
        screen=1000,
        on_cost=told.append,
        on_progress=lambda done, of: told.append((done, of)),
    )
    cost, *parts = told
    assert isinstance(cost, Cost)
    played = sum(of for done, of in parts if done == of)  # type: ignore[misc]
    assert cost.screening == 1000 and cost.regions == 400
    assert played <= cost.runs == 1000 + 400 + cost.turning
    assert cost.turning == 200 * (2 * 4 + 1)  # four assumptions, all of them looked at closely
    assert "1,000 to screen 4 assumptions" in cost.words() and "仮定4件" in cost.words("ja")


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
    batch = str(tmp_path / "batch")
    assert main(["batch", path, "--runs", "900", "--jobs", "1", "--out", batch]) == 0
    capsys.readouterr()
    assert main([*asked, "--jobs", "1", "--out", batch]) == 0
    said = capsys.readouterr()
    assert "turned up" in said.out
    assert "Known already from 900 runs" in said.err  # before any further run is played
    kept = json.loads((tmp_path / "batch" / "sensitivity.json").read_text(encoding="utf-8"))
    assert kept["tornado"]["Hit"] and kept["words"]["ja"]
    assert main([*asked, "--jobs", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == kept
    assert main(["sensitivity", path, "--only", "magic"]) == 2
    assert main([*asked, "--worldview", "proud"]) == 2
    assert "magic" in capsys.readouterr().err


def told(**totals: tuple[float, float]) -> Sensitivity:
    """A study of which only Sobol's indices are there: {name: (total, its error)}."""
    indices = tuple(
        Index(name, {"en": name, "ja": name}, total / 2, error, total, error, None, None)
        for name, (total, error) in totals.items()
    )
    return Sensitivity("s", "d", (), 1, 0, 0, 100, 100, {}, {"Hit": indices}, {}, {})


def test_unknowns_that_cannot_be_told_apart_are_named_together() -> None:
    found = told(will=(0.78, 0.40), arms=(0.74, 0.47), mud=(0.02, 0.05), luck=(0.60, 0.30))
    assert found.words() == (
        "Hit: knowing every unknown would settle 40 % (10 to 70 %) of the variance of single runs, "
        "the rest is luck; the unknowns that count most cannot be told apart: will (78 ± 40 %) and "
        "arms (74 ± 47 %), each with all that it interacts with, luck included"
    )
    assert "区別できない：will（78 ± 40 %）、arms（74 ± 47 %）" in found.words("ja")


def test_no_share_is_claimed_for_the_unknowns_where_the_estimate_allows_none() -> None:
    found = told(will=(0.78, 0.04), luck=(1.40, 0.24))
    assert found.words() == (
        "Hit: too few runs to say how much of the variance of single runs knowing every unknown "
        "would settle; will (78 ± 4 %) counts most, with all that it interacts with, luck included"
    )
    assert "この実行回数では言えない。最も効くのは" in found.words("ja")


def test_one_that_stands_out_is_named_alone_and_none_that_is_not_there() -> None:
    clear = told(will=(0.78, 0.04), arms=(0.24, 0.07), luck=(0.60, 0.02)).words()
    assert "will (78 ± 4 %) counts most" in clear and "arms" not in clear
    none = told(will=(0.08, 0.14), arms=(0.04, 0.07), luck=(1.0, 0.02)).words()
    assert "no single unknown is shown to count" in none


def bar(name: str, difference: float, error: float = 0.01) -> Bar:
    side = (difference, difference - error, difference + error)
    title, unit = {"en": name, "ja": name}, {"en": "", "ja": ""}
    return Bar(
        name, name, "weight", title, "", "f:1", unit, 1, 2, None, side, None, None, 0.001, True
    )


def test_bars_that_cannot_be_told_apart_are_named_together() -> None:
    def words(*bars: Bar) -> str:
        found = replace(told(luck=(1, 0.1), will=(0, 0.1)), indices={}, tornado={"Hit": bars})
        return found.words().splitlines()[0]

    close = words(bar("will", -0.101), bar("arms", -0.099), bar("mud", -0.02))
    assert "cannot be told apart at 100 pairs: will (" in close
    assert "arms (" in close and "mud" not in close and "3 are shown to move it" in close
    clear = words(bar("will", -0.15), bar("arms", -0.099))
    assert "this one moves it most: will (" in clear and "arms" not in clear
