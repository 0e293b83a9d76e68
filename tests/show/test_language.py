"""The program's words in both languages, and texts as a reader should meet them."""

from __future__ import annotations

import datetime
import gettext
import re
import string
import sys
from pathlib import Path

import pytest

from wargame.content.data_files import listed
from wargame.content.spec import Text
from wargame.show.text.language import (
    LOCALE,
    begins,
    cited,
    day,
    filled,
    in_a_sentence,
    joined,
    sentence,
    words,
)
from wargame.show.text.units import lasting, translated, unit


@pytest.fixture(scope="module")
def catalogues(repository: Path) -> object:
    """The tool that `make words` runs."""
    sys.path.insert(0, str(repository / "tools"))
    try:
        import words as tool
    finally:
        sys.path.remove(str(repository / "tools"))
    return tool


JAPANESE = LOCALE / "ja" / "LC_MESSAGES" / "wargame.po"


def test_every_message_has_japanese(catalogues) -> None:  # type: ignore[no-untyped-def]
    catalogue = catalogues.read(JAPANESE)
    untranslated = [m for m in catalogues.messages() if not getattr(catalogue.get(m), "string", "")]
    assert untranslated == [], "run `make words` and translate them in wargame.po"


def test_the_catalogue_holds_nothing_that_nobody_says(catalogues) -> None:  # type: ignore[no-untyped-def]
    said = set(catalogues.messages())
    assert [m.id for m in catalogues.read(JAPANESE) if m.id and m.id not in said] == []


def test_the_compiled_catalogue_is_that_of_the_text(catalogues) -> None:  # type: ignore[no-untyped-def]
    with JAPANESE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogues.read(JAPANESE):
        if message.id:
            assert compiled.gettext(message.id) == message.string, "run `make words`"


def test_translations_keep_the_blanks_to_fill_in(catalogues) -> None:  # type: ignore[no-untyped-def]
    def blanks(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}

    for message in catalogues.read(JAPANESE):
        if message.id:
            assert blanks(message.id) == blanks(message.string), message.id


def test_an_unknown_language_reads_english() -> None:
    assert words("de")("News") == "News"
    assert words("ja")("News") == "知らせ"


@pytest.mark.parametrize(
    ("folded", "read"),
    [
        (
            "兵士が孤立しかねない。 ワシントンは備える。",
            "兵士が孤立しかねない。ワシントンは備える。",
        ),
        ("NATO が\n  動く", "NATOが動く"),
        ("a line\n  and another", "a line and another"),
        ("Blog 2022-10-12; CNN 2024", "Blog 2022-10-12; CNN 2024"),
    ],
)
def test_folded_japanese_has_no_spaces(folded: str, read: str) -> None:
    assert joined(folded) == read


def test_names_as_english_sentences_need_them() -> None:
    assert in_a_sentence("United States", "en") == "the United States"
    assert in_a_sentence("Ukraine", "en") == "Ukraine"
    assert in_a_sentence("米国", "ja") == "米国"
    told = filled("{actor} struck {target}'s forces", actor="the United States", target="Russia")
    assert sentence(told) == "The United States struck Russia's forces."
    assert filled("{target}'s forces", target="the United States") == "the United States' forces"


def test_a_sentence_ends_once() -> None:
    assert sentence("what now?") == "What now?"
    assert sentence("戦争は続く", "ja") == "戦争は続く。"
    assert sentence("") == ""


def test_days_of_turns() -> None:
    assert begins("2022-09-05", "1 week", 3) == datetime.date(2022, 9, 19)
    assert begins("2021-12-01", "1 month", 3) == datetime.date(2022, 2, 1)
    assert begins("2022-09-05", "12 hours", 2) == datetime.date(2022, 9, 5)
    assert begins("2022-09-05", "12 hours", 3) == datetime.date(2022, 9, 6)
    assert begins("", "1 week", 3) is None
    assert day(datetime.date(2022, 9, 5), "en") == "5 September 2022"
    assert day(datetime.date(2022, 9, 5), "ja") == "2022年9月5日"


def test_common_notes_on_sources_are_translated() -> None:
    source = "CNN 2024; general knowledge (21 September 2022); weights are an assumption"
    assert cited(source, "en") == source
    assert cited(source, "ja") == "CNN 2024、公知の事実（2022年9月21日）、重みは仮定"


@pytest.mark.parametrize(
    ("english", "japanese"),
    [
        ("Putin at Valdai, 27 October 2022", "Putin at Valdai, 2022年10月27日"),
        ("oil cap, December 2022", "oil cap, 2022年12月"),
        ("12 and 13 October 2022", "2022年10月12、13日"),
        ("9 to 13 January 2022", "2022年1月9～13日"),
        ("29 October to 2 November 2022", "2022年10月29日～11月2日"),
        ("7 December 2021 to 13 January 2022", "2021年12月7日～2022年1月13日"),
        ("December 2021 to January 2022", "2021年12月～2022年1月"),
        (
            "bridge, 8 October, and Sevastopol, 29 October 2022",
            "bridge, 10月8日, and Sevastopol, 2022年10月29日",
        ),
        ("21 and 23 October, 14 November 2022", "10月21、23日、2022年11月14日"),
        ("8 to 10 and 29 October 2022", "2022年10月8～10、29日"),
        ("Macron (general knowledge)", "Macron（公知の事実）"),
        ("Blog 2022-10-12 (one step back)", "Blog 2022-10-12 (one step back)"),
        ("Blog 2022-10-12 (3 October 2022)", "Blog 2022-10-12（2022年10月3日）"),
    ],
)
def test_dates_in_sources_are_japanese(english: str, japanese: str) -> None:
    assert cited(english, "ja") == japanese
    assert cited(english, "en") == english


@pytest.mark.parametrize("kind", ["scenario", "policy", "worldview"])
def test_every_unit_that_ships_has_japanese(kind: str) -> None:
    for path in listed(kind).values():
        found = re.findall(r"(?m)^ +unit: (?:>-\n +)?(.+)$", path.read_text("utf-8"))
        for text in found:
            assert re.search("[ぁ-んァ-ン一-龥0]", translated(text.strip("'\""), "ja")), text


def test_units_and_lengths_of_turns() -> None:
    assert unit(Text(en="per mille"), "ja") == "千分率"
    assert unit(Text(en="per mille"), "en") == "per mille"
    assert unit(Text(en="furlongs"), "ja") == "furlongs"
    assert unit(Text(en="weeks", ja="週目"), "ja") == "週目" and unit(None, "ja") == ""
    assert [lasting("1 week", lang) for lang in ("en", "ja")] == ["1 week", "1週間"]
    assert lasting("12 hours", "ja") == "12時間" and lasting("1 moon", "ja") == "1 moon"
