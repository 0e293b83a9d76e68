"""Named events: seen when they come, in the runs as they would have gone anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from small_crisis import TEXTS, changed, small_crisis

from wargame.analysis.validation.events import NEVER, EventSpec, checked, traces_of, watch, watched
from wargame.backends.simulate import play_runs
from wargame.batches import study
from wargame.compiler import compile_scenario
from wargame.content.diagnostics import Findings
from wargame.content.load import load_texts
from wargame.errors import SpecError
from wargame.replay.playthrough import play_through

RUNS = 60


def of(**told: Mapping[str, Any]) -> dict[str, EventSpec]:
    return {name: EventSpec.model_validate(item) for name, item in told.items()}


EVENTS = of(
    armed={"moves": ["red.arm"]},
    talked={"moves": ["red.talk", "blue.talk"]},
    agreed={"moves": ["red.talk", "blue.talk"], "succeeded": True},
    tense={"when": "tension >= 400"},
    armed_when_tense={"moves": ["red.arm"], "when": "tension >= 400"},
    peace={"ending": ["Peace"]},
    both={"all": ["armed", "talked"]},
    either={"any": ["armed", "talked"]},
    early={"moves": ["red.arm"], "until": 2},
)


def test_each_event_is_seen_in_the_turns_in_which_it_came() -> None:
    traces = watch(load_texts(TEXTS), EVENTS, RUNS)
    scenario = small_crisis()
    red, blue = scenario.header.moves["red"], scenario.header.moves["blue"]
    for run in range(RUNS):
        story = play_through(scenario, run=run)
        assert traces.live[:, run].tolist() == [turn < story.turns for turn in range(8)]
        armed = talked = False
        for row, (world, record) in enumerate(zip(story.worlds[1:], story.records, strict=True)):
            made = {"red": record.orders["red"][:, 0], "blue": record.orders["blue"][:, 0]}
            arms = red.index("arm") in made["red"]
            talks = [("red", red.index("talk")), ("blue", blue.index("talk"))]
            talking = any(move in made[who] for who, move in talks)
            won = any(((made[a] == m) & record.success[a][:, 0]).any() for a, m in talks)
            tense = int(world["tension"][0]) >= 400
            armed, talked = armed or arms, talked or talking
            ended = row + 1 == story.turns and story.ending == "Peace"
            expected = {
                "armed": arms,
                "talked": talking,
                "agreed": won,
                "tense": tense,
                "armed_when_tense": arms and tense,
                "peace": ended,
                "both": armed and talked,
                "either": armed or talked,
                "early": arms and row < 2,
            }
            assert {name: traces.came[name][row, run] for name in EVENTS} == expected


def test_a_run_that_is_over_shows_nothing_more() -> None:
    traces = watch(load_texts(TEXTS), of(always={"when": "turn >= 1"}), RUNS)
    outcomes = play_runs(small_crisis(), range(RUNS))
    assert traces.weeks("always").tolist() == outcomes.turn.tolist()
    assert np.array_equal(traces.came["always"], traces.live)
    assert (traces.first("always") == 1).all()


def test_what_never_comes_is_later_than_everything() -> None:
    traces = watch(load_texts(TEXTS), of(never={"when": "turn > 99"}), 5)
    assert traces.first("never").tolist() == [NEVER] * 5
    assert traces.weeks("never").tolist() == [0] * 5


def test_being_watched_changes_no_run() -> None:
    plain = play_runs(small_crisis(), range(RUNS))
    looked_at = play_runs(compile_scenario(watched(load_texts(TEXTS), EVENTS)), range(RUNS))
    for name in ("ending", "turn", "decided", "peak", "unknown"):
        assert np.array_equal(getattr(plain, name), getattr(looked_at, name)), name
    assert np.array_equal(plain.reached[0], looked_at.reached[0])


def test_the_answer_depends_on_neither_pieces_nor_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = load_texts(TEXTS)
    whole = watch(spec, EVENTS, 20)
    two = watch(spec, EVENTS, 20, jobs=2)
    monkeypatch.setattr(study, "chunk_for", lambda runs, variants, jobs: 7)
    heard: list[tuple[int, int]] = []
    pieces = watch(spec, EVENTS, 20, on_progress=lambda *at: heard.append(at))
    assert heard == [(0, 20), (7, 20), (14, 20), (20, 20)]
    for traces in (two, pieces):
        assert np.array_equal(whole.live, traces.live)
        for name in EVENTS:
            assert np.array_equal(whole.came[name], traces.came[name]), name


def test_without_rules_actors_draw_by_base_weight() -> None:
    # The base of `use` is 0, and only a rule favours it: without rules it is never made.
    found = of(use={"moves": ["red.use"]})
    scenario = changed(moves=("when: red.arms >= 220", "when: red.arms >= 100"))
    assert watch(scenario.spec, found, 300).came["use"].any()
    assert not watch(scenario.spec, found, 300, ruleless=True).came["use"].any()


def test_a_kept_run_shows_the_same_as_the_runs_beside_it() -> None:
    spec = load_texts(TEXTS)
    many = watch(spec, EVENTS, 6)
    scenario = compile_scenario(watched(spec, EVENTS))
    for run in range(6):
        story = play_through(scenario, run=run)
        alone = traces_of(scenario, EVENTS, story.worlds, story.records)
        for name in EVENTS:
            assert np.array_equal(alone.came[name][:, 0], many.came[name][:, run]), name


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({}, "say one of"),
        ({"moves": ["red.arm"], "ending": ["Peace"]}, "say one of"),
        ({"when": "1", "succeeded": True}, "succeeded goes with moves"),
    ],
)
def test_an_event_says_one_thing(event: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EventSpec.model_validate(event)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"moves": ["green.arm"]}, "there is no actor 'green'"),
        ({"moves": ["blue.arm"]}, "there is no move of blue 'arm'"),
        ({"moves": ["red.arn"]}, "did you mean 'arm'"),
        ({"ending": ["Piece"]}, "there is no ending 'Piece'"),
        ({"all": ["later"]}, "there is no event before this one 'later'"),
    ],
)
def test_names_that_the_scenario_does_not_know(event: dict[str, Any], words: str) -> None:
    findings = Findings()
    checked(of(it=event, later={"when": "1"}), load_texts(TEXTS), findings)
    with pytest.raises(SpecError, match=words):
        findings.stop()


def test_a_condition_that_cannot_be_read_is_told_before_anything_is_played() -> None:
    with pytest.raises(SpecError, match="tensoin"):
        watch(load_texts(TEXTS), of(it={"when": "tensoin > 3"}), 5)
