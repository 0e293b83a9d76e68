"""The pages' own words in two languages; English sentences are the keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from wargame.boundary.foreign import value

LANGUAGES = {"en": "English", "ja": "日本語"}


@cache
def _japanese() -> dict[str, str]:
    text = (files(__package__) / "ja.json").read_text(encoding="utf-8")
    words: dict[str, str] = value(text)
    return words


def language(wanted: str | None) -> str:
    """A language that we speak: the wanted one if possible, else English."""
    return wanted if wanted in LANGUAGES else "en"


def speaker(lang: str) -> Callable[..., str]:
    """The function that says a sentence in a language; ``{names}`` in it are filled in."""
    table = _japanese() if lang == "ja" else {}

    def say(sentence: str, **names: object) -> str:
        said = table.get(sentence, sentence)
        return said.format(**names) if names else said

    return say
