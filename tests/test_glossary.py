"""One Japanese word for one thing, as docs/glossary.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
GLOSSARY = TOP / "docs" / "glossary.md"
KINDS = {".py", ".po", ".json", ".yaml", ".html", ".js", ".md", ".ipynb"}
FILES = [
    path
    for folder in ("src", "docs")
    for path in sorted((TOP / folder).rglob("*"))
    if path.suffix in KINDS and path != GLOSSARY
]
# A turn by its number. 52ターン is a length, and so is {horizon}ターン before another blank.
NUMBERED = re.compile(r"(?<![0-9０-９}毎第～、])ターン(?=[0-9０-９]|\{[a-z_.]*(turn|first|given))")


def discarded() -> list[str]:
    rows = [line.split("|") for line in GLOSSARY.read_text("utf-8").splitlines() if "|" in line]
    words = [word.strip() for row in rows[2:] for word in row[3].split(",")]
    return [word for word in words if word and not word.endswith("13")]


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(TOP)}:{number}: {line.strip()}"
        for path in [*FILES, TOP / "README.md", TOP / "CONTRIBUTING.md"]
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_glossary_is_read() -> None:
    assert {"試行", "終局", "行為者"} <= set(discarded())


@pytest.mark.parametrize("word", discarded())
def test_a_discarded_word_does_not_come_back(word: str) -> None:
    assert found(re.compile(re.escape(word))) == []


def test_turns_are_numbered_in_one_way() -> None:
    assert found(NUMBERED) == []


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("ターン13の後", True),
        ("f'ターン{self.turn}の後'", True),
        ("第13ターンの後", False),
        ("第{turn}ターン{order}", False),
        ("最長{horizon}ターン{start}", False),
        ("毎ターン{orders}件", False),
    ],
)
def test_old_numbers_of_turns_are_seen(text: str, old: bool) -> None:
    assert bool(NUMBERED.search(text)) is old
