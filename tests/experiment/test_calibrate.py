"""Calibration against worlds whose answer is known on paper."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from shipped import shipped, shipped_spec

from wargame.analysis.calibration.beliefs import Belief, Weight, overlay_text, panel
from wargame.analysis.calibration.calibrate import Calibration, calibrate, save
from wargame.analysis.calibration.response_surface import fit_surface
from wargame.analysis.calibration.targets import DialSpec, TargetsSpec
from wargame.backends.simulate import play_runs
from wargame.cli.main import main
from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.content.spec import Spec
from wargame.content.validation import shape
from wargame.errors import SpecError

# In the first turn the storm comes with the chance `danger`, in the second turn the ship sinks in
# it with the chance `rust`; `idle` changes nothing.
SHIP = """
schema: 1
id: ship
title: A ship
turn: {length: 1 week, start: 2022-10-10, horizon: 3}
seed: 1
gauges:
  storm: {start: 0, max: 1}
  sunk: {start: 0, max: 1}
unknowns:
  danger: {between: [0, 600], likely: 300}
  rust: {between: [200, 800], likely: 500}
  idle: {between: [0, 1000]}
chance:
  - {id: clouds, when: turn == 1, chance: danger, effects: {storm: 1}, source: the sea}
  - {id: leak, when: turn == 2 and storm == 1, chance: rust, effects: {sunk: 1}}
milestones:
  storm: {when: storm == 1}
endings:
  sunk: {when: sunk == 1}
  home: {when: sunk == 0, at: horizon}
"""
HEAD = "schema: 1\nid: t\ntitle: {en: T, ja: 題}\nscenario: ship\n"
ROW = "  - {{id: {id}, forecaster: F, event: E, source: S, {what}}}\n"


def said(*rows: str, dials: str = "{}") -> TargetsSpec:
    text = f"{HEAD}dials: {dials}\ntargets:\n"
    text += "".join(ROW.format(id=f"t{i}", what=what) for i, what in enumerate(rows))
    found = shape(TargetsSpec, text, "targets.yaml")
    assert found.item is not None and not found.faults, found.faults
    return found.item


@pytest.fixture(scope="module")
def ship(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ship") / "ship.yaml"
    path.write_text(SHIP)
    return str(path)


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load_texts({"scenario.yaml": SHIP})


@pytest.fixture(scope="module")
def result(ship: str) -> Calibration:
    return calibrate(
        ship,
        said("share: storm, is: 500, give: 5", "share: sunk, given: storm, at_most: 700"),
        runs=10_000,
        budget=10_000,
        seed=1,
        settings=6,
        command="wargame calibrate ship",
    )


# ------------------------------------------------------------------------------- the whole


def test_a_target_that_can_be_met_is_met_with_fresh_luck(result: Calibration) -> None:
    assert result.met and [fit.n > 0 for fit in result.fits] == [True, True]
    storm = result.fits[0]
    assert storm.n == 10_000 and abs(storm.share - 0.5) < 0.02


def test_only_what_must_move_moves(result: Calibration) -> None:
    moved = {dial.name for dial in result.turned if dial.moved}
    assert moved == {"danger"}
    danger = next(dial.now for dial in result.turned if dial.name == "danger")
    # The mean of a symmetric triangle is its middle: it has to be 500.
    assert sum(danger["between"]) / 2 == pytest.approx(500, abs=20)
    assert danger["likely"] == pytest.approx(sum(danger["between"]) / 2, abs=2)


def test_the_distance_is_the_least_there_is(result: Calibration) -> None:
    # Both ends by 200 of 600 is the smallest root mean square that moves the middle by 200.
    assert result.distance == pytest.approx(1 / 3, abs=0.04)


def test_before_is_the_scenario_as_written(result: Calibration) -> None:
    assert result.before[0].share == pytest.approx(0.3, abs=0.03)


def test_what_stays_open_is_kept_as_settings(result: Calibration) -> None:
    assert len(result.settings) >= 4
    spread = result.open()
    assert spread["idle"][1] - spread["idle"][0] > 200
    assert spread["rust"][1] - spread["rust"][0] > 50
    assert spread["danger"][1] - spread["danger"][0] < 60


def test_the_worldview_loads_and_gives_the_same_shares(
    result: Calibration, ship: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    beside = save(result, path)
    scenario = compile_scenario(load(ship, [path]))
    outcomes = play_runs(scenario, range(10_000), result.seed + 1)
    assert int((outcomes.reached[0] > 0).sum()) == result.fits[0].count
    report = json.loads(beside.read_text())
    assert report["met"] and len(report["settings"]) == len(result.settings)
    assert path.read_text().startswith("# Made by calibration, not by hand.")
    assert "wargame calibrate ship" in path.read_text()


def test_the_same_command_gives_the_same_file(ship: str) -> None:
    def again() -> str:
        targets = said("share: storm, is: 400, give: 10")
        return calibrate(ship, targets, runs=1000, budget=2000, settings=0).text

    assert again() == again()


def test_what_is_out_of_reach_is_said_with_the_reason(ship: str) -> None:
    targets = said("share: storm, at_least: 900", dials="{danger: {within: [0, 700]}}")
    found = calibrate(ship, targets, runs=2000, budget=4000, settings=0)
    assert not found.met
    unmet = found.unmet[0]
    assert not unmet.reachable and unmet.stops == ("danger",)
    assert unmet.alone == pytest.approx(0.64, abs=0.05)  # the narrowest distribution at the end
    assert "out of reach" in found.words() and "Not met" in found.text
    assert "届かない" in found.words("ja")


def test_targets_at_odds_are_named(ship: str) -> None:
    targets = said("share: storm, at_least: 600", "share: storm, at_most: 300")
    found = calibrate(ship, targets, runs=2000, budget=4000, settings=0)
    assert not found.met
    assert all(unmet.reachable and unmet.against for unmet in found.unmet)


def test_a_weight_can_be_turned(ship: str) -> None:
    dials = "{chance/leak: {within: [250, 2000]}}"
    targets = said("share: sunk, given: storm, is: 300, give: 10", dials=dials)
    found = calibrate(ship, targets, runs=10_000, budget=6000, settings=0)
    assert found.met
    assert found.turned[0].now["factor"] == pytest.approx(600, abs=50)
    assert "* 6" in found.text or "* 5" in found.text


def test_the_command_writes_the_worldview_and_says_how_it_was_asked(
    ship: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = tmp_path / "t.yaml"
    row = ROW.format(id="t0", what="share: storm, is: 400, give: 30")
    targets.write_text(HEAD + "targets:\n" + row)
    out = tmp_path / "mine.yaml"
    words = ["calibrate", ship, "--targets", str(targets), "-o", str(out), "--dial", "danger"]
    words += ["--runs", "1000", "--budget", "2000", "--settings", "0", "--jobs", "1", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["met"]
    assert f"-o {out} --dial danger --runs 1000 --seed 2022" in out.read_text()
    assert "id: mine" in out.read_text()
    assert main([*words[:5], str(tmp_path / "mine.txt"), *words[6:]]) == 2
    assert "ends in .yaml" in capsys.readouterr().err


# ------------------------------------------------------------------------------- the parts


def test_names_that_cannot_be_dials(spec: Spec) -> None:
    names = ["dangr", "chance/cloud", "move/none", "nobody/r/m"]
    with pytest.raises(SpecError) as caught:
        panel(spec, {name: DialSpec() for name in names})
    words = str(caught.value)
    assert "did you mean 'danger'" in words and "did you mean 'clouds'" in words
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize("likely", [None, 0, 250, 1000])
def test_a_beliefs_quantiles_are_the_engines(likely: int | None) -> None:
    peak = "" if likely is None else f", likely: {likely}"
    text = SHIP.replace("idle: {between: [0, 1000]}", f"idle: {{between: [0, 1000]{peak}}}")
    outcomes = play_runs(compile_scenario(load_texts({"scenario.yaml": text})), range(20_000))
    belief = Belief("idle", 0, likely, 1000, (0, 1000))
    points = (np.arange(1000) + 0.5) / 1000
    drawn = 1000 * belief.column(np.array(belief.prior), points)
    assert drawn.mean() == pytest.approx(outcomes.unknown[2].mean(), abs=6)
    assert np.quantile(drawn, 0.1) == pytest.approx(np.quantile(outcomes.unknown[2], 0.1), abs=12)


def test_the_prior_is_the_scenario_as_written(spec: Spec) -> None:
    board = panel(spec, {})
    assert [dial.moved for dial in board.turned(board.prior)] == [False, False, False]
    assert overlay_text(board, board.turned(board.prior), {"id": "x"}, "s") == "schema: 1\nid: x\n"


def test_a_distribution_is_never_narrower_than_a_fifth_of_the_prior() -> None:
    belief = Belief("danger", 0, 300, 600, (0, 1000))
    for middle in (0.0, 0.5, 1.6):
        low, high = belief.turned(np.array([middle, middle])).now["between"]
        assert high - low == 120 and low >= 0 and high <= 1000


def test_weights_have_their_place_between_the_smallest_and_the_largest() -> None:
    weight = Weight("chance/leak", (250, 4000))
    assert weight.place([250, 1000, 4000]).tolist() == pytest.approx([0, 0.5, 1])


def test_every_dial_of_the_shipped_scenario_gives_an_overlay_that_loads() -> None:
    spec = shipped_spec("kherson-2022")
    names = (
        "russia.resolve",
        "russia/last-resort/tactical_use",
        "move/conventional_strike",
        "chance/who-blinks",
    )
    board = panel(spec, {name: DialSpec() for name in names})
    turned = board.turned(board.prior + 0.3)
    about = {"id": "mine", "kind": "worldview", "title": "Mine"}
    text = overlay_text(board, turned, about, "a test")
    changed = load_texts({**spec.inputs, "overlays/1-mine.yaml": text})
    assert changed.overlay_names == ("mine",)
    assert "1231 // 1000" in str(changed.moves["conventional_strike"].base)
    russia = next(actor for actor in changed.actors if actor.id == "russia")
    rule = next(rule for rule in russia.rules if rule.id == "last-resort")
    assert str(rule.favour["tactical_use"].value).endswith("* 1231 // 1000")
    assert rule.because is not None and rule.because.ja
    blinks = next(event for event in changed.scenario.chance if event.id == "who-blinks")
    assert len(blinks.outcomes) == 4 and str(blinks.chance).endswith("* 1231 // 1000")


def test_a_loosened_scenario_draws_every_dial_over_its_reach(spec: Spec) -> None:
    dials = {"danger": DialSpec(within=(0, 1000)), "chance/leak": DialSpec(within=(500, 2000))}
    board = panel(spec, dials)
    loose = board.loosened(spec)
    outcomes = play_runs(compile_scenario(loose), range(4000))
    drawn = dict(zip(loose.scenario.unknowns, outcomes.unknown, strict=True))
    places = board.places(drawn, ())
    assert places.min() >= 0 and places.max() <= 1
    assert np.ptp(places, axis=0) == pytest.approx([1, 1], abs=0.01)
    # The chance of the storm is the danger drawn.
    came = outcomes.reached[0] > 0
    assert came[drawn["danger"] > 900].mean() > 0.9 > 0.1 > came[drawn["danger"] < 100].mean()


def test_a_surface_finds_the_probability_behind_the_runs() -> None:
    luck = np.random.Generator(np.random.Philox(3))
    places = luck.random((20_000, 3))
    truth = 1 / (1 + np.exp(2 - 3 * places[:, 0] - 2 * places[:, 0] * places[:, 1]))
    happened = luck.random(20_000) < truth
    surface = fit_surface(places, happened, np.ones(20_000, dtype=bool))
    found = surface(places)
    assert np.sqrt(((found - truth) ** 2).mean()) < 0.02
    assert found.mean() == pytest.approx(happened.mean(), abs=1e-4)


def test_a_surfaces_level_is_that_of_the_near_runs() -> None:
    luck = np.random.Generator(np.random.Philox(4))
    places = luck.random((8000, 2))
    near = places[:, 0] > 0.8
    happened = luck.random(8000) < np.where(near, 0.7, 0.2)
    surface = fit_surface(places, happened, near)
    assert surface(places[near]).mean() == pytest.approx(happened[near].mean(), abs=1e-3)


# ------------------------------------------------------------------------------- what ships


WORLDVIEWS = sorted(
    (Path(__file__).parents[2] / "scenarios" / "worldviews").glob("*.fits.json"),
)


@pytest.mark.parametrize("report", WORLDVIEWS, ids=lambda path: path.name)
def test_a_shipped_worldview_is_what_its_report_says(report: Path) -> None:
    """The report's first fit is counted again, on a few of its own runs' number."""
    found = json.loads(report.read_text())
    text = report.with_name(report.name.replace(".fits.json", ".yaml")).read_text()
    assert text.startswith("# Made by calibration") and "wargame calibrate" in text
    assert found["met"] or "Not met" in text
    spec = load(found["scenario"], [report.with_name(report.name.replace(".fits.json", ".yaml"))])
    written = spec.scenario.unknowns
    for dial in found["moved"]:
        if "between" in dial["now"]:
            assert list(written[dial["name"]].between or ()) == dial["now"]["between"]


@pytest.mark.long
@pytest.mark.parametrize("report", WORLDVIEWS, ids=lambda path: path.name)
def test_a_shipped_worldview_meets_its_targets_again(report: Path) -> None:
    """Other luck, all its runs: what it says it meets, it meets; misses are those it admits."""
    from wargame.analysis.calibration.sampling import sample
    from wargame.analysis.calibration.targets import load_targets, measure, resolve

    found = json.loads(report.read_text())
    path = report.with_name(report.name.replace(".fits.json", ".yaml"))
    plain = load(found["scenario"])
    assert plain.digest == found["digest"], "the scenario has changed: calibrate again"
    goals = resolve(load_targets(found["targets"]), compile_scenario(plain))
    outcomes = {
        goal.spec.under: sample(
            load(found["scenario"], [path, *goal.spec.under]), range(found["runs"]), 77
        )
        for goal in goals
    }
    header = shipped(found["scenario"]).header
    admitted = {row["id"] for row in found["fits"] if not row["met"]}
    missed = {fit.id for fit in measure(goals, outcomes, header, alpha=0.001) if not fit.met}
    assert missed <= admitted


def test_the_page_says_what_the_worldviews_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "worldviews.md").read_text(encoding="utf-8")
    for report in WORLDVIEWS:
        worldview = report.with_name(report.name.replace(".fits.json", ".yaml"))
        head = [row[2:] for row in worldview.read_text().splitlines() if row.startswith("# ")]
        first = next(i for i, row in enumerate(head) if "never saw" in row) + 1
        fits = [row.strip() for row in head[first:-1]]
        assert len(fits) == len(json.loads(report.read_text())["fits"])
        assert all(row in page for row in fits)


def test_a_shipped_worldview_was_made_for_the_scenario_as_it_is() -> None:
    for report in WORLDVIEWS:
        found = json.loads(report.read_text())
        assert load(found["scenario"]).digest == found["digest"], "calibrate again"
