"""The replay page in a real browser: keyboard, sizes, languages, lenses; nothing off the host."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha384
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from shipped import shipped

from wargame.analysis.notable_runs import Pick
from wargame.replay.explain import explain
from wargame.replay.history import play_history
from wargame.replay.replay import Look, Plan, Replay, header_for, record
from wargame.show.documents.gallery_page import write_gallery
from wargame.show.replay_page.page import export
from wargame.show.text.narrate import Narrator
from wargame.show.text.odds_view import Between, Outlook

pytestmark = pytest.mark.browser

VENDOR = Path(__file__).parent / "vendor"
TURNS = 5
SIZES = {"phone": (360, 740), "laptop": (1366, 768), "projector": (1920, 1080)}


@pytest.fixture(scope="module")
def replay() -> Replay:
    """Five turns of the Kherson crisis; in the fourth, Washington warns Moscow in private."""
    scenario = shipped("kherson-2022")

    def script(turn: int, look: Look) -> Plan:
        warned = {"usa": look(()).do("usa", ["private_warning"])} if turn == 4 else {}
        return Plan(warned)

    return record(scenario, header_for(scenario, run=7, until=TURNS), script)


@pytest.fixture(scope="module")
def file(replay: Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported page, with odds that were not computed but written down."""
    endings = replay.scenario.header.endings
    even = dict.fromkeys(endings, Between(1 / len(endings), 0.0, 0.5))
    path = tmp_path_factory.mktemp("page") / "replay.html"
    path.write_text(export(replay, Outlook(100, (even,) * (TURNS + 1))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def locked(replay: Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on which a class predicts."""
    path = tmp_path_factory.mktemp("locked") / "replay.html"
    path.write_text(export(replay, predict=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def gallery(replay: Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of one run."""
    pick = Pick("typical", 7, "runs/x#7", "Libya", 0, {"share": 0.5, "of": 100})
    return write_gallery(tmp_path_factory.mktemp("gallery"), [pick], lambda where: replay)[0]


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Opens a page; fails the test for a script error or a request for anything but the file."""
    pages, troubles = [], []

    def open_page(
        path: Path, size: str = "laptop", query: str = "", wait: str = "body[data-ready]"
    ) -> Any:
        width, height = SIZES[size]
        page = browser.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else 0)
        page.on(
            "request",
            lambda asked: (
                troubles.append(asked.url)
                if not asked.url.startswith((path.parent.as_uri(), "data:"))
                else 0
            ),
        )
        page.goto(path.as_uri() + query)
        page.wait_for_selector(wait)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert troubles == []


def heading(page: Any) -> str:
    return str(page.inner_text("#heading"))


def press(page: Any, *keys: str) -> str:
    """Press keys one after another; the heading that follows."""
    for key in keys:
        before = heading(page)
        page.keyboard.press(key)
        page.wait_for_function("before => heading.textContent !== before", arg=before)
    return heading(page)


def test_keys_alone_step_through_the_run(opened: Any, file: Path) -> None:
    page = opened(file)
    assert heading(page) == "Before the first turn"
    assert press(page, "ArrowRight") == "Turn 1: 5 September 2022"
    assert press(page, "ArrowRight", "ArrowLeft") == "Turn 1: 5 September 2022"
    assert press(page, "End") == f"Turn {TURNS}: 3 October 2022"
    assert press(page, "Home") == "Before the first turn"


def test_presses_that_come_while_the_page_still_opens_are_all_taken(
    browser: Any, file: Path
) -> None:
    page = browser.new_page()
    # Held down from the first moment on: the page is asked before it has anything to show.
    page.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => { for (let i = 0; i < 3; i++)"
        " document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'})); })"
    )
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready]")
    assert heading(page) == "Turn 3: 19 September 2022"
    assert page.locator("#strip [data-turn]").count() == TURNS + 1
    page.evaluate("for (let i = 0; i < 9; i++) document.getElementById('back').click()")
    page.wait_for_function("() => heading.textContent === 'Before the first turn'")
    page.close()


def test_the_scrubber_is_a_native_slider_that_names_the_turn(opened: Any, file: Path) -> None:
    page = opened(file)
    page.focus("#range")
    assert press(page, "ArrowRight") == "Turn 1: 5 September 2022"
    assert page.get_attribute("#range", "aria-valuetext") == "Turn 1: 5 September 2022"
    assert page.evaluate("document.activeElement.id") == "range"


def test_every_control_can_be_reached_with_the_tab_key(opened: Any, file: Path) -> None:
    page = opened(file, query="?turn=3")
    wanted = set(
        page.evaluate(
            "[...document.querySelectorAll('button:enabled, select, input, summary')]"
            ".filter(x => x.checkVisibility()).map((x, i) => (x.dataset.n = i, String(i)))"
        )
    )
    reached = set()
    for _ in range(len(wanted) + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.n"))
    assert wanted <= reached


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("size", SIZES)
def test_fits_the_window_and_meets_axe(opened: Any, file: Path, size: str, lang: str) -> None:
    page = opened(file, size, f"?turn=4&lang={lang}")
    page.evaluate("document.querySelectorAll('details').forEach(x => { x.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert axe(page) == []


def test_the_page_of_the_beginning_and_of_the_end_meet_axe(opened: Any, file: Path) -> None:
    page = opened(file)
    assert axe(page) == []
    press(page, "End")
    assert axe(page) == []


def test_predicting_meets_axe(opened: Any, locked: Path) -> None:
    assert axe(opened(locked, "phone")) == []


def test_the_language_switch_leaves_no_english_label(opened: Any, file: Path) -> None:
    page = opened(file, query="?turn=2")
    page.select_option("#lang", "ja")
    page.wait_for_function("() => document.documentElement.lang === 'ja'")
    assert heading(page) == "第2ターン：2022年9月12日"
    labels = page.eval_on_selector_all("h3, button, label > span, th[scope=col]", TEXTS)
    assert [x for x in labels if x.isascii() and any(c.isalpha() for c in x)] == []


TEXTS = "all => all.filter(x => x.checkVisibility()).map(x => x.textContent.trim()).filter(Boolean)"


@pytest.mark.parametrize("size", SIZES)
def test_the_gallery_fits_meets_axe_and_leads_to_the_runs(
    opened: Any, gallery: Path, size: str
) -> None:
    page = opened(gallery, size, wait="main")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert axe(page) == []
    page.locator("h2 a").last.click()
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate("document.documentElement.lang") == "ja"


def test_a_lens_shows_what_that_actor_could_know(opened: Any, file: Path, replay: Replay) -> None:
    page = opened(file, query="?turn=4")
    assert "warned Russia what nuclear use" in page.inner_text("#events")
    page.select_option("#lens", "public")
    page.wait_for_function("() => !events.textContent.includes('warned Russia what nuclear use')")
    assert "cannot look into" in page.inner_text("#why")
    assert page.is_hidden("#odds")
    page.select_option("#lens", "russia")
    page.wait_for_function("() => events.textContent.includes('warned Russia what nuclear use')")
    assert page.locator("#mind option").all_inner_texts() == ["Russia"]


def test_the_future_is_not_in_the_page_until_the_class_has_voted(opened: Any, locked: Path) -> None:
    page = opened(locked)
    later = "found near Izyum"  # news of turn 2
    assert later not in page.content()
    assert page.is_disabled("#forward")
    page.keyboard.press("End")
    assert heading(page) == "Before the first turn"
    assert page.is_disabled("#reveal")
    for turn in (1, 2):
        page.locator("#guess .ballot button").first.click()
        page.locator("#guess .ballot button").first.click()
        page.click("#reveal")
        page.wait_for_function("n => heading.textContent.startsWith(`Turn ${n}`)", arg=turn)
        assert "of 2 votes foresaw it" in page.inner_text("#guess")
        assert (later in page.content()) == (turn == 2)


def test_turning_prediction_on_forgets_the_turns_that_follow(opened: Any, file: Path) -> None:
    page = opened(file, query="?turn=1")
    columns = "document.querySelectorAll('#strip [data-turn]').length"
    assert page.evaluate(columns) == TURNS + 1
    page.click("#predict")
    page.wait_for_selector("#guess:not([hidden])")
    assert page.evaluate(columns) == 2


def test_why_says_the_weights_and_the_reasons(opened: Any, file: Path, replay: Replay) -> None:
    turn, actor, rule = next(
        (turn, actor, rule)
        for turn in range(1, TURNS + 1)
        for actor in replay.scenario.header.actors
        if (found := explain(replay.playthrough, turn, actor)) and found.chosen
        for option in found.options
        if option.move == found.chosen[0]
        for voice in option.voices
        if (rule := Narrator.of(replay).rule(actor, voice.rule)) and rule.because
    )
    page = opened(file, query=f"?turn={turn}")
    page.select_option("#mind", actor)
    reason = rule.because.en.lower()[:40]
    page.wait_for_function("x => why.innerText.toLowerCase().includes(x)", arg=reason)
    assert page.locator("#why .option.chosen details[open]").count() > 0
    assert page.locator("#why .option:not(.chosen) details[open]").count() == 0
    assert "What it believed" in page.inner_text("#why")


def test_prints_as_a_handout(opened: Any, file: Path) -> None:
    page = opened(file, query="?turn=5")
    page.emulate_media(media="print")
    assert not page.is_visible("nav") and not page.is_visible("#predict")
    assert page.is_visible("#ladder svg") and page.is_visible("#notes")
    narrowest = page.eval_on_selector_all(
        "#why .label", "all => Math.min(...all.map(x => x.offsetWidth).filter(x => x))"
    )
    assert narrowest > 100  # a line of words, not of single letters


def test_a_history_on_which_a_class_predicts_says_how_it_went_at_its_end_only(
    opened: Any, tmp_path: Path
) -> None:
    path = tmp_path / "autumn.html"
    path.write_text(export(play_history("autumn-2022").replay, predict=True), encoding="utf-8")
    page = opened(path)
    told = "no nuclear weapon was used"
    assert "Kherson" in page.inner_text("#about") and told not in page.content()
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#predict")
    press(page, "End")
    assert told in page.inner_text("#story")


def axe(page: Any) -> list[tuple[str, list[str]]]:
    """The rules that the page breaks, and where. `evaluate` is not bound by the page's policy."""
    page.evaluate((VENDOR / "axe.min.js").read_text(encoding="utf-8") + "; undefined")
    found = page.evaluate("axe.run()")
    return [
        (rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found["violations"]
    ]


def test_the_copy_of_axe_is_the_one_that_was_written_down() -> None:
    for item in json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8")):
        content = (VENDOR / item["file"]).read_bytes()
        assert b64encode(sha384(content).digest()).decode() == item["sha384"]


@pytest.fixture
def address(replay: Replay) -> Iterator[str]:
    """The same replay from a server on this machine."""
    uvicorn = pytest.importorskip("uvicorn")
    from wargame.show.replay_page.server import replay_app

    server = uvicorn.Server(uvicorn.Config(replay_app(replay), port=0, log_level="error"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_a_fork_from_the_server_opens_as_another_course_of_events(
    browser: Any, address: str, replay: Replay
) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + "/r/0/?turn=2")
    page.wait_for_selector("#fork:not([hidden])")
    page.select_option("#who", "usa")
    page.locator("#fork select.what").first.select_option("evacuate_nationals")
    page.locator("#fork button").click()
    page.wait_for_url("**/r/1/?turn=2&lang=en")
    page.wait_for_function(
        "() => events.textContent.includes('told its nationals to leave Ukraine')"
    )
    page.wait_for_selector("#beside:not([hidden])")
    assert "United States: Tell nationals to leave" in page.inner_text("#beside")
    assert page.locator("#original [data-turn]").count() == TURNS + 1
    page.click("#usual button")
    page.wait_for_selector("#usual table", timeout=60_000)
    assert axe(page) == []
    for size in SIZES.values():
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.select_option("#lens", "public")
    page.wait_for_selector("#beside", state="hidden")
    page.select_option("#lens", "all")
    page.select_option("#lang", "ja")
    page.wait_for_function("() => beside.textContent.includes('元の経過と並べて')")
    page.click("#beside a")
    page.wait_for_url("**/r/0/?turn=2&lang=ja")
    assert {url[: len(address)] for url in asked if not url.startswith("data:")} == {address}
    page.close()


def test_the_server_sends_a_turn_only_after_the_vote(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.goto(address + "/r/0/?turn=1")
    page.wait_for_selector("body[data-ready]")
    page.click("#predict")
    page.wait_for_selector("#guess:not([hidden])")
    withheld = "fetch('turn/2/all/en').then(answer => answer.status)"
    assert page.evaluate(withheld) == 403
    page.locator("#guess .ballot button").first.click()
    page.click("#reveal")
    page.wait_for_function("() => heading.textContent.startsWith('Turn 2')")
    assert page.evaluate(withheld) == 200
    page.close()
