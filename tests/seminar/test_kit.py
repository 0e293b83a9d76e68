"""The course kit: everything of the scenario is in it, on the pages that were promised."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from shipped import shipped

from wargame.cli.main import main
from wargame.engine.scenario import Scenario
from wargame.seminar import guide
from wargame.seminar.kit import cards, facilitators_guide, packets, write_kit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LANGUAGES = ("en", "ja")


@pytest.fixture(scope="session")
def kherson() -> Scenario:
    return shipped("kherson-2022")


def test_the_timetables_are_as_long_as_they_say() -> None:
    assert sum(slot.minutes for slot in guide.SHORT) == 90
    assert sum(slot.minutes for slot in guide.LONG) == 180


def test_a_third_of_the_short_session_is_debrief() -> None:
    assert guide.SHORT[-1].minutes * 3 >= 90


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_goal_and_red_line_is_in_the_packets(kherson: Scenario, lang: str) -> None:
    text = packets(kherson, lang)
    for actor in kherson.spec.actors:
        for line in (*actor.goals, *actor.red_lines, *actor.reference_points):
            assert escape(" ".join(line.get(lang).split()))[:20] in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_there_is_a_card_for_every_move_that_somebody_can_make(
    kherson: Scenario, lang: str
) -> None:
    text = cards(kherson, lang)
    playable = [
        spec for spec in kherson.spec.moves.values() if set(spec.by) & set(kherson.header.actors)
    ]
    assert text.count("<article") == len(playable)
    for spec in playable:
        assert escape(spec.title.get(lang)) in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_guide_names_the_dated_news_and_the_endings(kherson: Scenario, lang: str) -> None:
    text = facilitators_guide(kherson, lang)
    for inject in kherson.spec.scenario.injects:
        assert inject.title is not None
        assert escape(inject.title.get(lang)) in text
    for prompt in guide.PROMPTS:
        assert escape(prompt[lang]) in text


def test_the_japanese_kit_has_no_english_sentence_left(kherson: Scenario) -> None:
    for text in (packets(kherson, "ja"), cards(kherson, "ja"), facilitators_guide(kherson, "ja")):
        plain = re.sub(r"<style>.*?</style>|<code>.*?</code>|<[^>]+>|&\w+;", " ", text, flags=re.S)
        assert re.findall(r"(?:[a-z]+ ){4}[a-z]+", plain) == []


def test_a_scenario_without_texts_has_a_kit(crisis: Scenario, tmp_path: Path) -> None:
    written = write_kit(crisis, tmp_path, "ja")
    assert {path.name for path in written} == {
        "roles.html", "facilitator.html", "cards.html", "index.html"
    }  # fmt: skip


def test_the_command_writes_the_kit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kit", "kherson-2022", "-o", str(tmp_path / "kit"), "--lang", "ja"]) == 0
    assert capsys.readouterr().out.count("\n") == 4
    assert 'lang="ja"' in (tmp_path / "kit" / "roles.html").read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_role_packet_has_two_pages(
    kherson: Scenario, browser: Browser, tmp_path: Path, lang: str
) -> None:
    page = browser.new_page()
    page.set_content(packets(kherson, lang))
    page.emulate_media(media="print")
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    page.close()
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert pages == 2 * len(kherson.header.actors)
