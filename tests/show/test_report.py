"""The report: everything a reader needs in one file, and nothing from elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from wargame.batches.batch import Batch, run_batch
from wargame.batches.store.plan import BASELINE
from wargame.cli.main import main
from wargame.show.documents.report import _Facts, _Report, report, write_report
from wargame.statistics.compare import study
from wargame.statistics.pairs import Pairs

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VOID = {"meta", "br", "input", "hr", "img", "link"}
POLICY = """
schema: 1
id: no-answer
kind: policy
title: {en: NATO never answers, ja: NATOは応じない}
about: {en: "Strikes stop at <words> & notes", ja: 言葉だけで応じる}
source: assumption
for: [tegmark-tree]
chance:
  - {id: answer, when: state == 1, chance: 1000, effects: {state: "=4"}, source: assumption}
expect: {KABOOM: down, Kosovo: up}
"""


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    folder = tmp_path_factory.mktemp("report")
    policy = folder / "no-answer.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    return run_batch("tegmark-tree", policies=[str(policy)], runs=2000, out=folder / "runs")


@pytest.fixture(scope="module")
def page(batch: Batch) -> str:
    return report(batch)


class Outline(HTMLParser):
    """Which elements stand open, and every id and link."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids[str(value)] += 1
            if name in ("href", "xlink:href", "src"):
                self.links.add(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_is_well_formed_and_refers_only_to_itself(page: str) -> None:
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert not [name for name, count in outline.ids.items() if count > 1]
    assert outline.tags["script"] == 0
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)
    assert "default-src 'none'" in page
    assert not re.search(r"https?://(?!www\.w3\.org/)", page)


def test_it_holds_the_numbers_of_the_batch_in_both_languages(page: str, batch: Batch) -> None:
    for tally in batch.tallies():
        assert tally.digest in page
        for share in tally.ending_shares():
            assert f"<td>{share.count:,}</td>" in page
    english, japanese = page.split('<main class="ja"')
    assert "KABOOM: global nuclear war: resolved down by" in english
    assert "KABOOM：全面核戦争：低下と確定" in japanese
    assert "NATO never answers" in english and "NATOは応じない" in japanese
    assert "down: holds" in english and "低下：成立" in japanese
    assert "wargame batch ./runs/inputs/scenario.yaml --runs 2000 --seed 2022" in english
    for text in (english, japanese):
        assert text.count("<figure>") >= 4
    assert "Shares of model runs are not probabilities of war" in english
    assert "戦争の確率ではない" in japanese


def test_what_an_author_wrote_is_text_not_markup(page: str) -> None:
    assert "&lt;words&gt; &amp; notes" in page
    assert "<words>" not in page


def test_the_same_folder_gives_the_same_bytes(page: str, batch: Batch) -> None:
    assert report(Batch.open(batch.folder)) == page


def test_figures_are_numbered_as_they_follow_each_other(page: str) -> None:
    for lang, number in (
        ("en", r"<figcaption>Figure (\d+)\. "),
        ("ja", "<figcaption>図([0-9]+)　"),
    ):
        body = re.search(rf'<main class="{lang}".*?</main>', page, re.DOTALL)
        assert body is not None
        found = [int(n) for n in re.findall(number, body.group())]
        assert len(found) == body.group().count("<figure>") > 3
        assert found == list(range(1, len(found) + 1))


def test_what_is_not_resolved_says_which_how_many_runs_and_what_they_would_show(
    batch: Batch,
) -> None:
    table = np.array([[900, 30, 0], [17, 500, 0], [0, 0, 0]])  # Libya to KABOOM 30, back 17
    moved = [Pairs(BASELINE, f"p{i}", ("Libya", "KABOOM"), table, {}) for i in range(4)]
    table = np.array([[900, 20, 0], [20, 500, 0], [0, 0, 0]])
    same = Pairs(BASELINE, "same", ("Libya", "KABOOM"), table, {})
    for lang, count, power in (
        ("en", "10 comparisons", "80 % power"),
        ("ja", "10件", "検出力80 %"),
    ):
        sheet = _Report(_Facts(batch, ()), lang)
        first, *rest = sheet.open_questions(study([*moved, same]))
        assert count in first and len(rest) == 6
        assert all(power in line for line in rest)
        runs = re.findall(r"[\d,]{3,}", " ".join(rest))
        assert all(len(n.replace(",", "").rstrip("0")) <= 2 for n in runs)
        assert not any("settle" in line or "決着" in line for line in (first, *rest))
    bounded = _Report(_Facts(batch, ()), "en").open_questions(study([same]))
    assert len(bounded) == 3, "no difference at all is seen: it can only be shown to be small"
    assert all("would show it to be within 1 point" in line for line in bounded[1:])


def test_worldviews_side_by_side(batch: Batch) -> None:
    text = report(batch, [batch])
    assert "Under other worldviews" in text and "smallest worst regret" in text
    assert "as written (runs)" in text, "two folders under one worldview are told apart"
    assert "最大後悔" in text
    assert "data:" not in text and "<image" not in text, "the page lets no picture be shown"


def test_the_command_writes_and_says_where(
    batch: Batch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.html"
    assert main(["report", str(batch.folder), "--out", str(path), "--lang", "ja"]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert '<html lang="ja">' in path.read_text(encoding="utf-8")
    assert main(["report", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.browser
def test_in_a_browser_it_fits_switches_and_prints(
    batch: Batch, tmp_path: Path, browser: Browser
) -> None:
    path = write_report(batch.folder, out=tmp_path / "report.html")
    asked: list[str] = []
    said: list[str] = []
    for width in (360, 1366, 1920):
        tab = browser.new_page(viewport={"width": width, "height": 900})
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.goto(path.as_uri())
        wide = "document.documentElement.scrollWidth"
        assert tab.evaluate(wide) == width
        assert tab.locator("main.en").is_visible() and not tab.locator("main.ja").is_visible()
        tab.get_by_text("日本語").click()
        assert tab.locator("main.ja").is_visible() and not tab.locator("main.en").is_visible()
        assert tab.evaluate(wide) == width
        tab.close()
    assert asked == [path.as_uri()] * 3
    assert said == []
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.emulate_media(media="print")
    # On paper, what is folded on the screen stands open.
    assert tab.locator("main.en details").last.locator("table").is_visible()
    assert tab.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") > 2
