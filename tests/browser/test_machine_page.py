"""The bare page that plays, in a real browser: from a file, offline, by the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shipped import shipped

from wargame.cli.main import main
from wargame.engine.scenario import Scenario
from wargame.replay.fork import fan_out, fork
from wargame.replay.replay import header_for, record
from wargame.show.text.narrate import Narrator

pytestmark = pytest.mark.browser

RUN = 7


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return shipped("kherson-2022")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("machine") / "machine.html"
    assert main(["program", "kherson-2022", "-o", str(path)]) == 0
    return path


@pytest.fixture
def page(browser: Any, file: Path) -> Iterator[Any]:
    """The page, opened; fails the test for a script error or a request for anything else."""
    page, troubles = browser.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else 0)
    page.on("request", lambda asked: troubles.append(asked.url))
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready]")
    yield page
    page.close()
    assert [it for it in troubles if not it.startswith((file.as_uri(), "blob:", "data:"))] == []


def told(scenario: Scenario, playthrough: Any, turns: int) -> str:
    name = Narrator(playthrough).ending(playthrough.ending)
    return f"It ends in turn {turns}: {name}"


def test_a_run_is_that_of_python(page: Any, scenario: Scenario) -> None:
    for run in (RUN, 11):
        expected = record(scenario, header_for(scenario, run=run)).playthrough
        page.fill("#run", str(run))
        page.press("#run", "Enter")
        page.wait_for_function(
            "text => document.getElementById('run-end').textContent === text",
            arg=told(scenario, expected, expected.turns),
        )


def test_another_order_and_many_futures_are_those_of_python_by_keyboard_alone(
    page: Any, scenario: Scenario
) -> None:
    replay = record(scenario, header_for(scenario, run=RUN))
    other = fork(replay, 4, {"usa": ["private_warning"]}).replay
    title = Narrator(other.playthrough).move("private_warning")
    choose(page, "other-turn", "4")
    choose(page, "other-actor", str(scenario.header.actors.index("usa")))
    usa = next(mind for mind in scenario.minds if mind.actor == "usa")
    page.wait_for_function(
        "title => [...document.getElementById('other-move').options]"
        ".some((it) => it.text === title)",
        arg=title,
    )
    choose(page, "other-move", str(usa.moves.index("private_warning")))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "text => document.getElementById('other-end').textContent === text",
        arg=told(scenario, other.playthrough, other.playthrough.turns),
    )
    assert page.inner_text("#other-parts") == "It parts from the run above in turn 4."
    choose(page, "after", "4")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#futures-table td")
    rows = page.locator("#futures-table tbody tr").all_inner_texts()
    expected = [
        np.bincount(fan_out(it.world(4), scenario, 200, "page.4").ending, minlength=20)
        for it in (replay, other)
    ]
    names = Narrator(replay.playthrough)
    assert [row.split("\t") for row in rows] == [
        [names.ending(name), str(one), str(two)]
        for name, one, two in zip(scenario.header.endings, *expected, strict=False)
        if one or two
    ]


def choose(page: Any, field: str, value: str) -> None:
    """Come to a field with the keyboard and choose with the arrow keys."""
    page.focus(f"#{field}")
    page.keyboard.press("Home")
    while page.input_value(f"#{field}") != value:
        page.keyboard.press("ArrowDown")


def test_every_control_can_be_reached_with_the_tab_key(page: Any) -> None:
    page.press("#seat-actor", "Enter")  # takes no seat: it opens the list
    page.keyboard.press("Escape")
    page.focus("#lang")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.outerHTML"))
    controls = page.evaluate(
        "[...document.querySelectorAll('input, select, button, summary')]"
        ".filter((it) => it.offsetParent && !it.disabled).map((it) => it.id || it.outerHTML)"
    )
    assert set(controls) <= reached


def test_a_seat_is_offered_what_it_may_order_and_plays_to_an_end(
    page: Any, scenario: Scenario
) -> None:
    page.click("#seat-form button")
    page.wait_for_selector("#seat-orders select")
    assert page.evaluate("document.activeElement.id") == "turn-h"
    first, second = page.locator("#seat-orders select").all()
    offered = first.locator("option").all_inner_texts()
    assert 1 < len(offered) < len(scenario.minds[0].moves)
    other = next(it for it in offered if it != "Wait and see")
    for field in (first, second):
        field.select_option(label=other)
    page.click("#turn-form button")
    page.wait_for_selector("#status.wrong")
    assert "twice" in page.inner_text("#status")
    second.select_option(label="Wait and see")
    turn = 0
    while not page.inner_text("#seat-end"):
        page.click("#turn-form button")
        turn += 1
        page.wait_for_function(
            "turn => document.querySelectorAll('#seat-table tbody tr').length === turn", arg=turn
        )
        assert turn <= scenario.horizon
    assert other in page.inner_text("#seat-table tbody tr:last-child")
    assert f"turn {turn}" in page.inner_text("#seat-end")
    assert page.is_hidden("#turn-form")


def test_what_takes_long_can_be_stopped_and_the_page_plays_on(page: Any) -> None:
    page.fill("#count", "100000")
    page.press("#count", "Enter")
    page.wait_for_function("() => document.getElementById('progress').value > 0")
    page.click("#stop")
    page.wait_for_selector("#status.wrong")
    assert page.inner_text("#status") == "It was stopped."
    page.fill("#count", "20")
    page.press("#count", "Enter")
    page.wait_for_selector("#futures-table td")
    assert page.inner_text("#status") == ""


def test_the_page_speaks_japanese(page: Any) -> None:
    page.select_option("#lang", "ja")
    assert page.inner_text("#run-h") == "1回の実行"
    assert "ターンで終わります" in page.inner_text("#run-end")
    assert page.evaluate("document.documentElement.lang") == "ja"
    seen = page.inner_text("main")
    assert not re.search(r"\b(Turn|Orders|News|Play|Seed)\b", seen)


def test_its_policy_lets_it_play_and_nothing_else(file: Path) -> None:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', file.read_text("utf-8"))
    assert found is not None
    policy = dict(part.strip().split(" ", 1) for part in found[1].split(";"))
    assert policy["worker-src"] == "blob:"
    assert re.fullmatch(r"'sha256-\S+' 'wasm-unsafe-eval'", policy["script-src"])
    assert policy["default-src"] == policy["connect-src"] == "'none'"
