"""What is told of a run: in whole sentences, with reasons, and without a word of the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from shipped import shipped

from wargame.replay.replay import Replay, header_for, record
from wargame.show.replay_page.page_data import page_data
from wargame.show.text.clockwork import clockwork
from wargame.show.text.language import LANGUAGES
from wargame.show.text.narrate import Narrator
from wargame.show.text.perspective import ALL, PUBLIC, Lens, lenses
from wargame.show.text.plain_text import told_run, told_why
from wargame.show.text.story import story
from wargame.show.text.text_layout import columns, wrapped

KEYS = {"move", "actor", "kind", "by", "visible", "direction", "runner_up", "lens", "lang"}
"""Under these the page's data holds names for its script, which are never shown."""


def shown(data: Any) -> Iterator[str]:
    """Every text of a page's data that people may see."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            if key == "voices":
                continue
            if key in ("chosen", "orders", "question", "forbidden", "frames", "slices"):
                continue
            if not (key in KEYS and isinstance(value, str)):
                yield from shown(value)
    elif isinstance(data, list):
        for item in data:
            yield from shown(item)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_word_of_the_engine_gets_through(replay: Replay, lang: str) -> None:
    scenario = replay.scenario
    names = {
        *scenario.header.dyads,
        *(name for name in scenario.gauge_names() if "." in name or "_" in name),
        *(rule.id for actor in scenario.spec.actors for rule in actor.rules if "-" in rule.id),
        *(move for move in scenario.spec.moves if "_" in move),
        *(event.id for event in scenario.spec.scenario.chance if "-" in event.id),
    }
    never = [*map(re.escape, names), "None", r"\burn\b", r"seen\.\w", r"[{}]", "object at", "  "]
    forbidden = re.compile("|".join(rf"(?<![\w-])(?:{name})(?![\w-])" for name in never))
    narrator = Narrator(replay.playthrough, lang, events=replay.turns)
    turns = range(1, replay.playthrough.turns + 1)
    texts = [
        line.strip() for line in told_run(narrator, [narrator.week(t) for t in turns]).split("\n")
    ]
    texts += [
        line.strip()
        for actor in scenario.header.actors
        for turn in turns
        for line in told_why(narrator, turn, actor)
    ]
    data = page_data(replay, Lens(), lang)
    data["head"].pop("words")
    texts += shown(data)
    assert [text for text in texts if forbidden.search(text)] == []


def test_japanese_is_told_in_japanese(kherson: Replay) -> None:
    narrator = Narrator(kherson.playthrough, "ja", events=kherson.turns)
    weeks = [narrator.week(turn) for turn in range(1, 7)]
    texts = [act.text for week in weeks for act in week.acts]
    texts += [news.text for week in weeks for news in week.news]
    assert all(re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text) for text in texts)
    assert all(text.endswith("。") for text in texts)
    assert not any(
        re.search(r"[\u3040-\u30ff\u4e00-\u9fff] [\u3040-\u30ff\u4e00-\u9fff]", t) for t in texts
    )


def test_a_deed_is_told_with_its_reason_and_source(kherson: Replay) -> None:
    week = Narrator(kherson.playthrough, events=kherson.turns).week(1)
    rhetoric = next(act for act in week.acts if act.move == "nuclear_rhetoric")
    assert rhetoric.text == "Russia hinted that it was ready to use nuclear weapons."
    assert rhetoric.why == '"An army short of men needs an enemy who is afraid."'
    assert "Blog 2022-10-12" in rhetoric.source


def test_the_story_has_a_beginning_a_middle_and_an_end(kherson: Replay) -> None:
    for lang, begun in (
        ("en", "It began on 5 September 2022."),
        ("ja", "2022年9月5日に始まった。"),
    ):
        parts = story(Narrator(kherson.playthrough, lang, events=kherson.turns))
        assert parts[0].startswith(begun)
        assert str(kherson.playthrough.turns) in parts[-1]


class TestLens:
    """What each may know. The run: private warnings by NATO to Russia, covert acts by Russia."""

    def acts(self, replay: Replay, who: str) -> set[tuple[int, str, str]]:
        narrator = Narrator(replay.playthrough, "en", Lens(who), replay.turns)
        return {
            (turn, act.actor, act.move)
            for turn in range(1, replay.playthrough.turns + 1)
            for act in narrator.week(turn).acts
        }

    def test_everybody_sees_what_is_public_and_nobody_sees_more_than_there_is(
        self, kherson: Replay
    ) -> None:
        everything = self.acts(kherson, ALL)
        public = self.acts(kherson, PUBLIC)
        for actor in kherson.scenario.header.actors:
            assert public <= self.acts(kherson, actor) <= everything
            own = {act for act in everything if act[1] == actor}
            assert own <= self.acts(kherson, actor)

    def test_a_private_word_is_known_to_both_ends_only(self, kherson: Replay) -> None:
        moves = kherson.scenario.spec.moves
        private = [
            act
            for act in self.acts(kherson, ALL)
            if moves[act[2]].visible == "private" and moves[act[2]].target
        ]
        assert private
        for act in private:
            knowing = {
                who.who for who in lenses(kherson.scenario) if act in self.acts(kherson, who.who)
            }
            assert knowing == {ALL, act[1], moves[act[2]].target}

    def test_what_a_lens_hides_is_not_in_the_data(self, kherson: Replay) -> None:
        for lens in lenses(kherson.scenario):
            data = page_data(kherson, lens, "en")
            minds = {actor for turn in data["turns"] for actor in turn.get("why", ())}
            allowed = set(kherson.scenario.header.actors) if lens.sees_all else {lens.who}
            assert minds <= allowed and set(data["head"]["rules"]) <= allowed
            if not lens.sees_all:
                assert data["turns"][0]["unknowns"] == []
                sights = [
                    s
                    for t in data["turns"]
                    for w in t.get("why", {}).values()
                    for s in w["sightings"]
                ]
                assert not any("true" in sight for sight in sights)

    def test_a_gauge_behind_noise_is_its_owners_only(self, kherson: Replay) -> None:
        assert "russia.readiness" in set(Lens("russia").gauges(kherson.scenario))
        assert "russia.readiness" not in set(Lens("usa").gauges(kherson.scenario))
        assert "russia.readiness" not in set(Lens(PUBLIC).gauges(kherson.scenario))
        assert set(Lens(ALL).gauges(kherson.scenario)) == set(kherson.scenario.spec.scenario.gauges)


def test_a_turn_says_nothing_of_the_turns_that_follow(kherson: Replay) -> None:
    """The data of turn t are those of a run that was never played further."""
    from dataclasses import replace

    cut = replace(
        kherson,
        turns=kherson.turns[:3],
        playthrough=replace(
            kherson.playthrough,
            worlds=kherson.playthrough.worlds[:4],
            records=kherson.playthrough.records[:3],
        ),
    )
    whole, short = (page_data(run, Lens(), "en")["turns"] for run in (kherson, cut))
    assert whole[:3] == short[:3]


def test_lines_are_as_wide_as_the_terminal_and_begin_with_no_full_stop() -> None:
    text = "ロシアが核兵器使用の用意をほのめかした。" * 9 + "NATOが2022年に動いた。"
    lines = wrapped(text, "  - ")
    assert "".join(line[4:] for line in lines) == text
    assert all(columns(line) <= 98 for line in lines)
    assert not any(line[4] in "。、" for line in lines)


def test_what_goes_the_same_way_in_every_run_is_no_news(kherson: Replay) -> None:
    assert {"calendar", "winter"} <= clockwork(kherson.scenario)
    assert not clockwork(kherson.scenario) & {"war.intensity", "russia.resolve", "outrage"}
    narrator = Narrator.of(kherson)
    turns = range(1, kherson.playthrough.turns + 1)
    assert not clockwork(kherson.scenario) & {m.gauge for t in turns for m in narrator.motions(t)}


def test_a_milestone_that_lay_behind_at_the_start_is_no_news() -> None:
    scenario = shipped("kaboom-2022")
    narrator = Narrator.of(record(scenario, header_for(scenario, run=3, until=2)))
    assert narrator.milestones(1) == ()
    assert narrator.milestones(2) == ("Expansion",)


def test_a_move_that_fails_has_words_for_it_or_its_title(kherson: Replay) -> None:
    narrator = Narrator(kherson.playthrough)
    launch = narrator.told("russia", "general_exchange", succeeded=False)
    assert launch.endswith("the order was not carried out.")
    ruled = narrator.told("russia", "barrage", succeeded=False)
    assert ruled == ("Russia tried the following without success: Barrage on cities and the grid.")
