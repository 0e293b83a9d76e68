"""Splitting against what is known exactly, and against plain runs where both can see.

The chain is a walk on ten rungs, absorbed at both ends. Its share comes from the power of its
transition matrix; the scenario is the same walk in YAML.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from shipped import shipped_spec

from wargame.analysis.splitting import rare_share
from wargame.cli.main import main
from wargame.content.load import load_texts
from wargame.content.spec import Spec
from wargame.errors import SpecError, WargameError

TOP, HORIZON = 9, 30
CHAIN = """
schema: 1
id: rungs
title: A walk on ten rungs
turn: {{length: 1 day, horizon: 30}}
gauges:
  state: {{start: 1, max: 9, source: test}}
chance:
  - id: step
    when: state >= 1 and state <= 8
    chance: 1000
    outcomes:
      - {{weight: {up}, effects: {{state: 1}}}}
      - {{weight: {down}, effects: {{state: -1}}}}
      - {{weight: {stay}}}
milestones:
  half: {{when: state >= 5}}
endings:
  Top: {{when: state >= 9}}
  Bottom: {{when: state <= 0}}
"""


def chain(up: int, down: int) -> Spec:
    return load_texts({"scenario.yaml": CHAIN.format(up=up, down=down, stay=1000 - up - down)})


def exact(up: int, down: int) -> float:
    """The share that stands on the top rung within the horizon, from rung 1."""
    moves = np.zeros((TOP + 1, TOP + 1))
    moves[0, 0] = moves[TOP, TOP] = 1.0
    for rung in range(1, TOP):
        moves[rung, rung + 1] = up / 1000
        moves[rung, rung - 1] = down / 1000
        moves[rung, rung] = 1 - (up + down) / 1000
    return float(np.linalg.matrix_power(moves, HORIZON)[1, TOP])


def test_an_exact_share_of_four_in_a_million_is_found() -> None:
    share = exact(92, 408)
    assert 3e-6 < share < 5e-6
    found = rare_share(chain(92, 408), "Top", height="state", seed=1)
    assert found.share.low < share < found.share.high
    assert found.share.se < 0.06 * share
    assert found.gain is not None and found.gain > 100
    assert found.agrees


def test_its_interval_covers_as_often_as_it_says() -> None:
    share = exact(120, 380)
    spec = chain(120, 380)
    found = [
        rare_share(spec, "Top", height="state", effort=50, replicates=20, pilot=200, seed=seed)
        for seed in range(40)
    ]
    covered = sum(one.share.low < share < one.share.high for one in found)
    assert covered >= 33  # at 95 % coverage, fewer happens once in 700
    mean = float(np.mean([one.share.share for one in found]))
    error = float(np.std([one.share.share for one in found], ddof=1)) / 40**0.5
    assert abs(mean - share) < 3.3 * error  # unbiased


@pytest.mark.parametrize("stops", [(), (3,), (2, 3, 4, 5, 6, 7, 8), (4, 8)])
def test_any_levels_give_the_same_answer(stops: tuple[int, ...]) -> None:
    share = exact(200, 300)
    found = rare_share(chain(200, 300), "Top", height="state", levels=stops, seed=3, replicates=20)
    assert found.share.low * 0.97 < share < found.share.high * 1.03


def test_even_a_height_that_says_nothing_is_unbiased() -> None:
    share = exact(300, 200)
    found = rare_share(chain(300, 200), "Top", height="0", seed=4, replicates=20)
    assert found.levels == ()
    assert found.share.low < share < found.share.high


def test_milestones_are_climbed_by_default_and_may_be_the_goal() -> None:
    spec = chain(200, 300)
    top = rare_share(spec, "Top", seed=5, replicates=20)
    assert top.share.low < exact(200, 300) < top.share.high
    half = rare_share(spec, "half", height="state", seed=5, replicates=20)
    assert half.share.share > 3 * top.share.share


def test_the_same_seed_gives_the_same_estimate() -> None:
    spec = chain(200, 300)
    one, again, other = (
        rare_share(spec, "Top", height="state", replicates=4, effort=100, pilot=100, seed=seed)
        for seed in (6, 6, 7)
    )
    assert one == again
    assert one.share != other.share


def test_plain_runs_of_the_shipped_tree_agree() -> None:
    found = rare_share(
        shipped_spec("tegmark-tree"), "KABOOM", replicates=20, effort=200, pilot=2000
    )
    assert found.agrees
    assert found.share.low < 0.3 * 0.8 * 0.7 < found.share.high


@pytest.mark.long
def test_plain_runs_of_kherson_agree() -> None:
    found = rare_share(
        shipped_spec("kherson-2022"), "KABOOM", replicates=20, effort=200, pilot=4000
    )
    assert found.agrees
    assert found.share.arrived == 20


def test_what_cannot_be_climbed_is_said_in_one_line() -> None:
    spec = chain(200, 300)
    with pytest.raises(WargameError, match=r"Topp.*Top"):
        rare_share(spec, "Topp")
    with pytest.raises(SpecError, match="stat"):
        rare_share(spec, "Top", height="stat + 1")
    with pytest.raises(WargameError, match="neither ladder nor milestones"):
        rare_share(spec, "half")
    with pytest.raises(WargameError, match="replicates"):
        rare_share(spec, "Top", height="state", replicates=1)
    with pytest.raises(WargameError, match="grow"):
        rare_share(spec, "Top", height="state", levels=(5, 3))


def test_the_command_prints_words_or_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rungs.yaml"
    path.write_text(CHAIN.format(up=200, down=300, stay=500), encoding="utf-8")
    asked = ["rare", str(path), "--state", "Top", "--levels", "state"]
    small = ["--replicates", "10", "--effort", "100", "--pilot", "200"]
    assert main([*asked, *small, "--stops", "3,6"]) == 0
    assert "plain runs" in capsys.readouterr().out
    assert main([*asked, *small, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["results"][0]["share"]["low"] < exact(200, 300)
    assert main([*asked, "--stops", "3,x"]) == 2
    assert "--stops" in capsys.readouterr().err


def test_a_batch_hands_rare_endings_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "tegmark-tree", "--rare", "KABOOM", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["results"]
    assert found["policy"] == "baseline" and found["agrees"]
    assert main(["batch", "tegmark-tree", "--rare", "KABOOM", "--runs", "5"]) == 2
    assert "--runs" in capsys.readouterr().err
