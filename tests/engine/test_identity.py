"""A run is the same to the last bit, whoever it is played beside."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from shipped import shipped, shipped_spec

from wargame.backends.simulate import play_runs
from wargame.compiler import compile_scenario
from wargame.content.load import load, load_texts
from wargame.engine.randomness import Luck, below, below_again, spread
from wargame.engine.record import Outcomes
from wargame.engine.scenario import Scenario

RUNS = 130


@cache
def kherson() -> Scenario:
    return shipped("kherson-2022")


@cache
def whole() -> Outcomes:
    return play_runs(kherson(), range(RUNS))


def same(one: Outcomes, other: Outcomes) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("run", "ending", "turn", "decided", "reached", "peak", "unknown", "trail")
    )


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_the_size_of_a_chunk_changes_nothing(chunk: int) -> None:
    few = range(RUNS if chunk > 3 else 12)
    part = play_runs(kherson(), few, chunk=chunk)
    assert np.array_equal(part.trail, whole().trail[: len(few)])
    assert np.array_equal(part.ending, whole().ending[: len(few)])


def test_the_order_of_runs_and_gaps_between_them_change_nothing() -> None:
    some = [97, 5, 64, 128, 0, 31]
    part = play_runs(kherson(), some)
    assert list(part.run) == sorted(some)
    assert np.array_equal(part.trail, whole().trail[sorted(some)])


def test_a_run_far_away_is_the_same_alone() -> None:
    far = 10**12 + 3
    alone = play_runs(kherson(), [far])
    beside = play_runs(kherson(), [0, far, far + 1])
    assert alone.trail[0] == beside.trail[1]


def test_what_is_played_does_not_depend_on_pythons_hashes() -> None:
    program = (
        "from wargame.compiler import compile_scenario;"
        "from wargame.backends.simulate import play_runs;"
        "from wargame.content.load import load;"
        "print(list(play_runs(compile_scenario(load('kherson-2022')), range(3)).trail))"
    )
    source = str(Path(__file__).resolve().parents[2] / "src")
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": source},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert told == {str(list(whole().trail[:3])) + "\n"}


def test_an_overlay_that_changes_nothing_changes_nothing(tmp_path: Path) -> None:
    null = tmp_path / "null.yaml"
    null.write_text("schema: 1\nid: nothing\nkind: policy\ntitle: Nothing\nfor: [kherson-2022]\n")
    again = compile_scenario(load("kherson-2022", [null]))
    assert same(play_runs(again, range(40)), play_runs(kherson(), range(40)))


def test_renaming_an_actor_changes_nothing() -> None:
    """China becomes Beijing, in every file; its luck is known by its place."""
    inputs = shipped_spec("kherson-2022").inputs
    renamed = {
        name.replace("china", "beijing"): text.replace("china", "beijing")
        for name, text in inputs.items()
    }
    scenario = compile_scenario(load_texts(renamed))
    assert scenario.header.actors[4] == "beijing"
    assert same(play_runs(scenario, range(40)), play_runs(kherson(), range(40)))


def test_an_event_without_effects_leaves_all_other_luck_alone() -> None:
    inputs = shipped_spec("kherson-2022").inputs
    text = inputs["scenario.yaml"]
    assert "\nchance:\n" in text
    more = text.replace("\nchance:\n", "\nchance:\n  - {id: a-comet, chance: 500}\n", 1)
    scenario = compile_scenario(load_texts({**inputs, "scenario.yaml": more}))
    assert same(play_runs(scenario, range(40)), play_runs(kherson(), range(40)))


def test_a_longer_batch_begins_like_a_shorter_one() -> None:
    assert np.array_equal(play_runs(kherson(), range(20)).trail, whole().trail[:20])


def test_another_seed_is_another_story() -> None:
    assert not np.array_equal(play_runs(kherson(), range(20), seed=9).trail, whole().trail[:20])


class TestLuck:
    def test_a_word_belongs_to_its_name(self) -> None:
        runs = np.array([9, 2, 1000, 3, 2**40])
        words = Luck(5, runs).words("x", 3)
        for place, run in enumerate(runs):
            assert Luck(5, [run]).words("x", 3)[0] == words[place]

    @pytest.mark.parametrize(
        ("seed", "run", "label", "turn", "stream"),
        [
            (6, 4, "x", 3, ""),
            (5, 5, "x", 3, ""),
            (5, 4, "y", 3, ""),
            (5, 4, "x", 4, ""),
            (5, 4, "x", 3, "fork"),
        ],
    )
    def test_any_other_name_is_other_luck(
        self, seed: int, run: int, label: str, turn: int, stream: str
    ) -> None:
        other = Luck(seed, [run], stream).words(label, turn)[0]
        assert Luck(5, [4]).words("x", 3)[0] != other

    def test_draws_stay_below_their_total_and_fill_it(self) -> None:
        words = Luck(1, np.arange(30_000)).words("x", 1)
        for draw in (below, below_again):
            seen = np.bincount(draw(words, 10), minlength=10)
            assert seen.size == 10
            assert abs(seen / 30_000 - 0.1).max() < 0.01
        assert not below(words, 0).any()

    def test_errors_of_observation_are_a_triangle_around_0(self) -> None:
        error = spread(Luck(1, np.arange(40_000)).words("x", 1), 100)
        assert abs(int(error.min()) + 100) <= 2
        assert abs(int(error.max()) - 100) <= 2
        assert abs(error.mean()) < 1
        assert abs(error.std() - 100 / np.sqrt(6)) < 1
