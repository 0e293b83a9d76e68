"""What is vendored is what was pinned, and what is said is said in both languages."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import wargame.seminar.web as web

WEB = Path(web.__file__).parent
VENDOR = WEB / "static" / "vendor"


def test_every_vendored_file_is_what_was_pinned_and_has_its_licence() -> None:
    pinned = json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8"))
    scripts = {path.name for path in VENDOR.glob("*.js")}
    assert scripts == set(pinned)
    for name, entry in pinned.items():
        digest = hashlib.sha384((VENDOR / name).read_bytes()).hexdigest()
        assert digest == entry["sha384"], name
        assert (VENDOR / entry["licence_file"]).read_text(encoding="utf-8").strip()


def said_in_english() -> set[str]:
    sentences: set[str] = set()
    for path in (WEB / "templates").glob("*.html"):
        found = re.findall(r"""\b_\((["'])(.*?)\1""", path.read_text(encoding="utf-8"))
        sentences |= {sentence for _, sentence in found}
    for path in WEB.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        sentences |= set(re.findall(r"\bsay\(\s*\"(.*?)\"", text))
        sentences |= set(re.findall(r"speaker\(\w+\)\(\s*\"(.*?)\"", text))
    return sentences


def test_every_sentence_has_a_japanese_one_with_the_same_places() -> None:
    japanese = json.loads((WEB / "ja.json").read_text(encoding="utf-8"))
    assert set(japanese) == said_in_english()
    for english, translated in japanese.items():
        places = [set(re.findall(r"{\w+}", text)) for text in (english, translated)]
        assert places[0] == places[1], english
        assert translated.strip()


def test_no_template_can_let_markup_or_style_or_script_in() -> None:
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        for word in ("|safe", "| safe", "autoescape", " style=", "<style", " onclick", "hx-on"):
            assert word not in text, f"{path.name}: {word}"
        assert re.findall(r"<script(?![^>]* src=)", text) == [], path.name
        assert re.findall(r"(?:href|src)=\"(?:https?:)?//", text) == [], path.name
    for path in (WEB / "static").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for word in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(", "cookie ="):
            assert word not in text, f"{path.name}: {word}"
