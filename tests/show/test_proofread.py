"""Told runs contradict neither the run nor themselves; and each rule of the proofreader fires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from shipped import shipped

from wargame.cli.main import main
from wargame.replay.playthrough import Playthrough, play_through
from wargame.show.text.language import LANGUAGES
from wargame.show.text.narrate import Act, Narrator, News
from wargame.show.text.proofread import RULES, Proof, Slip, proofread

RUNS = {"kherson-2022": 6, "bridge-2022": 4, "kaboom-2022": 8, "cuba-2021": 3, "tegmark-tree": 150}


def slips(name: str, runs: range) -> list[tuple[int, str, Slip]]:
    """What is wrong in these runs of a scenario, told in every language: run, language, slip."""
    scenario = shipped(name)
    return [
        (run, lang, slip)
        for run in runs
        for played in [play_through(scenario, run=run)]
        for lang in LANGUAGES
        for slip in proofread(Narrator(played, lang))
    ]


@pytest.mark.parametrize("name", RUNS)
def test_the_first_runs_of_each_scenario_are_told_without_a_contradiction(name: str) -> None:
    assert slips(name, range(RUNS[name])) == []


@pytest.mark.long
@pytest.mark.parametrize("name", RUNS)
def test_a_thousand_runs_of_each_scenario_are_told_without_a_contradiction(name: str) -> None:
    assert slips(name, range(1000)) == []


# ------------------------------------------------------------------------------ each rule fires


@pytest.fixture(scope="module")
def played() -> Playthrough:
    """Twenty turns with failed deeds, chance, nuclear use and an answer, from September on."""
    return play_through(shipped("kherson-2022"), run=3248)


def act(narrator: Narrator, fits: Callable[[Act], bool]) -> tuple[int, Act]:
    """The first deed that fits, and its turn."""
    turns = range(1, narrator.playthrough.turns + 1)
    return next((turn, it) for turn in turns for it in narrator.week(turn).acts if fits(it))


def found(played: Playthrough, change: Callable[[Narrator], None], lang: str = "en") -> set[str]:
    """The rules that a telling breaks once it has been changed."""
    narrator = Narrator(played, lang)
    assert proofread(narrator) == []
    change(narrator)
    return {slip.rule for slip in proofread(narrator)}


def put(narrator: Narrator, turn: int, **changes: object) -> None:
    narrator._weeks[turn - 1] = replace(narrator.week(turn), **changes)


def instead(narrator: Narrator, fits: Callable[[Act], bool], **changes: object) -> None:
    """One deed told otherwise."""
    turn, old = act(narrator, fits)
    acts = [replace(old, **changes) if it == old else it for it in narrator.week(turn).acts]
    put(narrator, turn, acts=tuple(acts))


def heard(narrator: Narrator, *news: News, turn: int = 1) -> None:
    """Further news."""
    put(narrator, turn, news=(*narrator.week(turn).news, *news))


def test_a_failed_deed_told_as_done(played: Playthrough) -> None:
    def change(narrator: Narrator) -> None:
        _, old = act(narrator, lambda it: not it.succeeded)
        done = narrator.told(old.actor, old.move)
        instead(narrator, lambda it: it == old, text=done)

    assert "a failed deed is told as done" in found(played, change)


def test_a_deed_told_as_failed(played: Playthrough) -> None:
    def change(narrator: Narrator) -> None:
        _, old = act(narrator, lambda it: it.move == "tactical_use")
        failed = narrator.told(old.actor, old.move, succeeded=False)
        instead(narrator, lambda it: it == old, text=failed)

    assert "a deed is told as failed" in found(played, change)


def test_an_actor_that_takes_no_part(played: Playthrough) -> None:
    proof = Proof(Narrator(played))
    rule = RULES["a deed names somebody who takes no part"]
    assert list(rule(proof)) == []
    header = played.scenario.header
    others = tuple(actor for actor in header.actors if actor != "spacex")
    proof.narrator.scenario = replace(played.scenario, header=replace(header, actors=others))
    told = [text for _, text in rule(proof)]
    assert told and all("SpaceX" in text or "Starlink" in text for text in told)


def test_a_reason_beside_a_move_that_its_rule_does_not_favour(played: Playthrough) -> None:
    def change(narrator: Narrator) -> None:
        wrong = '"A poor country buys its oil where it is cheap."'
        instead(narrator, lambda it: it.move == "abstain", why=wrong)

    assert "a reason stands beside a move that its rule did not favour" in found(played, change)


def test_a_reason_twice_in_a_turn_and_four_times_in_a_run(played: Playthrough) -> None:
    once = News("It rained.", "Clouds had come.")
    again = News("It rained all day.", "Clouds had come.")

    def twice(narrator: Narrator) -> None:
        heard(narrator, once, again)

    def four_times(narrator: Narrator) -> None:
        for turn in range(1, 5):
            heard(narrator, once, turn=turn)

    assert found(played, twice) == {"a reason is told too often"}
    assert found(played, four_times) == {"a reason is told too often"}


@pytest.mark.parametrize(
    ("lang", "text"), [("en", "The ground is frozen."), ("ja", "冬の寒さが軍を止めた。")]
)
def test_frozen_ground_in_september(played: Playthrough, lang: str, text: str) -> None:
    assert found(played, lambda narrator: heard(narrator, News(text)), lang) == {
        "a season is out of season"
    }


def test_a_cause_that_the_turn_does_not_hold(played: Playthrough) -> None:
    def change(narrator: Narrator) -> None:
        turn, strike = act(narrator, lambda it: it.move == "conventional_strike")
        rest = [it for it in narrator.week(turn).acts if it != strike]
        put(narrator, turn, acts=tuple(rest))

    assert "a cause is not in the run" in found(played, change)


def test_an_ending_whose_event_is_not_told() -> None:
    alarm = play_through(shipped("kherson-2022"), run=264)
    proof = Proof(Narrator(alarm))
    rule = RULES["what ended the run is not told"]
    assert list(rule(proof)) == []
    proof.summary = ("It ended in turn 31: KABOOM: global nuclear war.",)
    missing = "By chance: False alarm. The alarm was believed and both sides fired."
    assert list(rule(proof)) == [(0, missing)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{actor} rained on the parade.", "a placeholder was not filled in"),
        ("It rained..", "punctuation is doubled"),
        ("It rained", "a sentence is not finished"),
        ("The rain killed 12.", "a number counts nothing"),
    ],
)
def test_what_no_paper_prints(played: Playthrough, text: str, rule: str) -> None:
    assert found(played, lambda narrator: heard(narrator, News(text))) == {rule}


def test_clause_after_clause_in_japanese(played: Playthrough) -> None:
    text = "雨が降ったため、川があふれて、道が閉ざされたが、村は無事だったため、誰も逃げなかった。"
    assert found(played, lambda narrator: heard(narrator, News(text)), "ja") == {
        "clauses make a chain"
    }


def test_privacy_in_the_words_and_behind_them(played: Playthrough) -> None:
    def change(narrator: Narrator) -> None:
        _, old = act(narrator, lambda it: it.visible == "private")
        instead(narrator, lambda it: it == old, text=old.text.replace(".", " in private."))

    assert "privacy is said twice" in found(played, change)


# ------------------------------------------------------------------------------ for authors


def test_check_reads_told_runs_of_ones_own_scenario(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "--told", "2", "scenarios/tegmark-tree.yaml"]) == 0
    assert "0 faults" in capsys.readouterr().out
