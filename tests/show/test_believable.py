"""The page of evidence: what fails is as plain as what holds, and nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import quarrel

from wargame.analysis.validation.evidence import PARTS, Evidence, gather
from wargame.cli.main import main
from wargame.content.load import load
from wargame.errors import SpecError, WargameError
from wargame.show.documents.believable import believable, in_short, write_believable

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EVENTS = """
events:
  threat: {moves: [red.threaten]}
  talk: {moves: [red.talk]}
  angry: red.anger > 600
"""
FILES = {
    "scenarios/patterns/quarrels.yaml": f"""
schema: 1
id: quarrels
title: {{en: Quarrels, ja: 口論}}
for: [quarrel]
history: last-week
{EVENTS}
patterns:
  - id: threats
    level: actor
    title: {{en: "Red threatens <sometimes>", ja: 赤は脅すことがある}}
    came: threat
    at_least: 500
    source: assumption
  - id: silence
    level: world
    title: {{en: Nobody ever talks, ja: 誰も話さない}}
    came: talk
    at_most: 10
    source: assumption
  - id: heat
    level: dyad
    title: {{en: Anger brings threats, ja: 怒りは脅しを招く}}
    rate: threat
    following: angry
    within: 1
    at_least: 1100
    source: assumption
""",
    "scenarios/base-rates/quarrels.yaml": f"""
schema: 1
id: quarrels
title: {{en: Quarrels, ja: 口論}}
for: [quarrel]
{EVENTS}
rates:
  - id: threats
    title: {{en: A threat is made, ja: 脅しがなされる}}
    came: threat
    because: {{en: "People & pets differ", ja: 人とペットは違う}}
    found: [{{source: {{en: Aunt May 1962, ja: メイ伯母さん1962}}, count: 3, n: 90}}]
  - id: quiet
    title: {{en: A threat in quiet, ja: 静けさの中の脅し}}
    came: threat
    forbid: [talk]
    because: {{en: Talk calms, ja: 話せば落ち着く}}
""",
    "scenarios/history/last-week.yaml": """
schema: 1
id: last-week
title: {en: Last week, ja: 先週}
scenario: quarrel
events:
  - {date: 2022-10-11, actor: red, move: threaten}
  - {date: 2022-10-18, actor: red, move: talk}
  - {date: 2022-11-08, actor: red, move: talk}
""",
    "scenarios/worldviews/proud.fits.json": json.dumps(
        {
            "scenario": "quarrel",
            "digest": "of another day",
            "runs": 500,
            "met": False,
            "fits": [
                {
                    "label": "War",
                    "goal_low": 0.5,
                    "goal_high": 0.6,
                    "n": 500,
                    "share": 0.2,
                    "low": 0.17,
                    "high": 0.24,
                    "rival": "",
                    "met": False,
                }
            ],
            "moved": [
                {"name": "move/talk", "was": {"factor": 1000}, "now": {"factor": 1120}},
                {
                    "name": "red.pride",
                    "was": {"between": [200, 800], "likely": 500},
                    "now": {"between": [800, 900]},
                },
            ],
        }
    ),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quarrel.write(tmp_path_factory.mktemp("believable"), FILES)


@pytest.fixture(scope="module")
def evidence(place: Path) -> Evidence:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        return gather("quarrel", runs=1500, closely=100, jobs=1)


@pytest.fixture(scope="module")
def page(evidence: Evidence) -> str:
    return believable(evidence)


class Marks(HTMLParser):
    """The verdicts of the page, by language, and whether its tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.lang = ""
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids += [named["id"]] if named.get("id") else []
        if tag == "a":
            self.links.add(str(named["href"]))
        if tag not in ("meta", "br", "input", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_in_two_languages_and_asks_for_nothing(page: str) -> None:
    marks = Marks()
    marks.feed(page)
    assert marks.open == []
    assert len(marks.ids) == len(set(marks.ids))
    assert {link.removeprefix("#") for link in marks.links} <= set(marks.ids)
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert "default-src 'none'" in page
    for words in (
        "Assumption ledger",
        "仮定の台帳",
        "What the model cannot say",
        "モデルに言えないこと",
    ):
        assert words in page


def test_failures_are_as_plain_as_successes(page: str, evidence: Evidence) -> None:
    assert evidence.patterns is not None
    assert [one.passed for one in evidence.patterns] == [True, False, True]
    assert "✗ fails" in page and "✓ passes" in page
    assert "✗ 不合格" in page
    lines = in_short(evidence)
    assert any(line.startswith("✗ patterns: Of 3 patterns 2 pass") for line in lines)
    assert any("Failing: Nobody ever talks." in line for line in lines)
    assert any(line.startswith("✗ calibration: Of 1 worldview 0 meet all their") for line in lines)
    assert any("不合格：誰も話さない。" in line for line in in_short(evidence, "ja"))


def test_what_a_scenario_has_nothing_for_is_named_once(evidence: Evidence) -> None:
    bare = replace(evidence, expectations=None, patterns=None, backtest=None, base_rates=None)
    bare = replace(bare, fits={})
    missing = [line for line in in_short(bare) if line.startswith("–")]
    assert missing == [
        "– expectations: No policy states what it would do to this scenario.",
        "– patterns: No patterns file is written for this scenario (scenarios/patterns).",
        "– backtest: No history file is written for this scenario (scenarios/history).",
        "– base rates: No base-rates file is written for this scenario (scenarios/base-rates).",
        "– calibration: No worldview for this scenario carries the report of a calibration "
        "(.fits.json).",
    ]
    page = believable(bare)
    assert all(line.partition(": ")[2] in page for line in missing)
    assert "このシナリオの実際の経過のファイルがない" in page
    left_out = replace(bare, asked=("ledger",))
    assert [line[:13] for line in in_short(left_out) if line.startswith("–")] == ["– calibration"]
    assert believable(left_out).count("This part was left out.") == 4


def test_the_real_course_is_asked_too(evidence: Evidence) -> None:
    assert evidence.patterns is not None
    assert [one.history for one in evidence.patterns] == [True, False, None]


def test_what_people_wrote_is_shown_and_not_obeyed(page: str) -> None:
    assert "Red threatens &lt;sometimes&gt;" in page
    assert "<sometimes>" not in page
    assert "People &amp; pets differ" in page


def test_expectations_that_fail_come_first_and_open(page: str, evidence: Evidence) -> None:
    assert evidence.expectations is not None
    assert evidence.policies["no-talks"]["ja"] == "対話なし"
    found = evidence.expectations.directions_that("fails")
    assert found > 0
    assert f"<details open><summary>Directions that fail: {found}</summary>" in page


def test_a_calibration_of_another_day_is_called_out_of_date(page: str) -> None:
    assert "proud (500 runs of quarrel): out of date" in page
    assert "move/talk: × 1 → × 1.12; red.pride: 200–800 (500) → 800–900" in page
    assert "✗ not met" in page


def test_numbers_of_the_ledger_are_named_in_the_reader_s_language(page: str) -> None:
    japanese = page[page.index('<main class="ja"') :]
    for words in ("初期値: <code>300", "雑音 blue: <code>50", "熱 red-blue: <code>30"):
        assert words in japanese, words


def test_base_rates_stand_with_their_gap_and_its_reason(page: str) -> None:
    assert "Aunt May 1962" in page and "メイ伯母さん1962" in page
    assert "of 90 cases" in page
    assert "model, forbidden: talk" in page


def test_a_scenario_of_which_nothing_is_stated_says_so(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(quarrel.write(tmp_path))
    for name in ("patterns", "base-rates"):
        assert not (tmp_path / "scenarios" / name).exists()
    found = gather("quarrel", runs=100, closely=0, parts=("patterns", "backtest"), jobs=1)
    assert found.patterns is found.backtest is found.base_rates is found.ledger is None
    text = believable(found, "ja")
    assert "No patterns file is written for this scenario" in text
    assert "No history file is written for this scenario" in text
    assert '<input type="radio" name="lang" id="lang-ja" checked>' in text


def test_what_is_stated_beside_a_scenario_is_found_from_elsewhere(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    there = str(place / "scenarios" / "quarrel.yaml")
    parts = ("patterns", "base-rates", "backtest")
    found = gather(there, worldview="", runs=100, parts=parts, jobs=1)
    assert found.patterns is not None and found.base_rates is not None
    assert [one.history for one in found.patterns] == [True, False, None]
    assert found.backtest is not None and found.backtest.history == "last-week"


def test_the_evidence_is_json(evidence: Evidence) -> None:
    told = json.loads(json.dumps(evidence.to_json()))
    assert told["schema"] == 1
    assert told["patterns"]["passed"] == 2
    assert set(told) >= {"ledger", "expectations", "patterns", "backtest", "base_rates", "fits"}


def test_numbers_and_parts_that_make_no_sense(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    with pytest.raises(WargameError, match="at least 100 runs, not 5"):
        gather("quarrel", runs=5)
    with pytest.raises(WargameError, match="at least 100 runs for each row"):
        gather("quarrel", closely=7)
    with pytest.raises(WargameError, match=f"there are: {', '.join(PARTS)}"):
        gather("quarrel", parts=("everything",))
    with pytest.raises(SpecError, match="there is no policy or worldview 'prowd'"):
        gather("quarrel", worldview="prowd")


def test_the_command(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    common = [
        "believable",
        "quarrel",
        "--runs",
        "100",
        "--jobs",
        "1",
        "--only",
        "patterns,base-rates",
    ]
    assert main(common) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "believable-quarrel.html"
    assert (place / "believable-quarrel.html").is_file()
    assert main([*common, "--worldview", "proud", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["worldview"], told["runs"]) == ("proud", 100)
    assert main([*common, "--jobs", "0"]) == 2
    assert "jobs must be between" in capsys.readouterr().err


@pytest.mark.long
def test_the_tables_in_docs_are_of_the_model_as_it_is(repository: Path) -> None:
    """If not, the content has changed: run `tools/believable_page.py`, and read the prose again."""
    text = (repository / "docs" / "believable.md").read_text(encoding="utf-8")
    assert f"scenario digest `{load('kherson-2022').digest[:16]}`" in text
    assert "calibrated before the scenario last changed" not in text


@pytest.mark.browser
def test_it_fits_a_telephone_and_a_wall(
    browser: Browser, evidence: Evidence, tmp_path: Path
) -> None:
    long = replace(evidence, worldview="a-worldview-with-a-very-long-name-of-forty")
    path = write_believable(long, tmp_path / "page.html", "ja")
    for width in (360, 1920):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator("main.ja").is_visible()
        assert not page.locator("main.en").is_visible()
        page.locator("label[for=lang-en]").click()
        assert page.locator("main.en").is_visible()
        page.close()
