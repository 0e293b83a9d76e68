"""A page for reading, print and archive: one HTML file that needs nothing else.

It has no scripts and asks for nothing. Both languages stand in it, and a pair of radio buttons
shows one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from wargame.content.reader import read_yaml
from wargame.content.spec import Text
from wargame.show.replay_page.page import static
from wargame.show.text.language import LANGUAGES, cited, joined, read
from wargame.statistics.result import say

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(
    bodies: Mapping[str, str], title: str, lang: str = "en", styles: Sequence[str] = ()
) -> str:
    """The page around what stands in it in each language. lang: shown first.

    styles: further style sheets of the program, by name.
    """
    body = "".join(
        f'<main class="{tongue}" lang="{tongue}">{bodies[tongue]}</main>' for tongue in LANGUAGES
    )
    switch = "".join(
        f'<input type="radio" name="lang" id="lang-{tongue}"{" checked" if tongue == lang else ""}>'
        f'<label for="lang-{tongue}" lang="{tongue}">{name}</label>'
        for tongue, name in zip(LANGUAGES, ("English", "日本語"), strict=True)
    )
    style = "".join(static(name) for name in ("report.css", *styles))
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        '<header class="switch"><fieldset><legend>Language / 言語</legend>'
        f"{switch}</fieldset></header>{body}</body></html>\n"
    )


@cache
def _texts(file: str) -> Mapping[str, Any]:
    return read_yaml(static(file), file)


class Writer:
    """What writes a document in one language.

    PROSE: the file of its texts among the program's own, by name.
    """

    PROSE = ""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def say(self, en: str, ja: str) -> str:
        """The sentence in the document's language."""
        return say(self.lang, en=en, ja=ja)

    def plain(self, text: Text | None) -> str:
        """A text of the content, on one line."""
        return read(text, self.lang)

    def prose(self, key: str, **named: object) -> str:
        """One of the document's texts, with its names filled in."""
        return joined(str(self.texts[key][self.lang])).format(**named)

    @property
    def texts(self) -> Mapping[str, Any]:
        """All of its texts, in both languages."""
        return _texts(self.PROSE)


class Sheet(Writer):
    """What every page writes in one language. Texts are escaped here unless told otherwise."""

    def chapters(self, sections: Iterable[tuple[str, str, str]]) -> str:
        """Sections of (key, title, HTML) behind a list of contents; empty ones are left out."""
        told = [(key, title, text) for key, title, text in sections if text]
        contents = "".join(
            f'<li><a href="#{self.lang}-{key}">{escape(title)}</a></li>' for key, title, _ in told
        )
        label = escape(self.say("Contents", "目次"))
        return f'<nav aria-label="{label}"><ol>{contents}</ol></nav>' + "".join(
            f'<section aria-labelledby="{self.lang}-{key}">'
            f'<h2 id="{self.lang}-{key}">{escape(title)}</h2>{text}</section>'
            for key, title, text in told
        )

    def read(self, text: Text | None) -> str:
        """A text of the content, escaped."""
        return escape(self.plain(text))

    def source(self, text: str) -> str:
        """Where something is from, as `cited` says it, escaped."""
        return escape(cited(joined(text), self.lang))

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        """A table whose first column names its rows."""
        top = "".join(
            f'<th scope="col">{escape(cell)}</th>' if cell else "<td></td>" for cell in head
        )
        body = "".join(
            "<tr>"
            + f'<th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
            + "</tr>"
            for first, *rest in rows
        )
        return (
            f'<div class="scroll" tabindex="0"><table><thead><tr>{top}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def bullets(self, lines: Iterable[str]) -> str:
        """A list of sentences."""
        return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"

    def folded(self, title: str, text: str, opened: bool = False) -> str:
        """HTML under a heading that opens it."""
        shown = " open" if opened else ""
        return f"<details{shown}><summary>{escape(title)}</summary>{text}</details>"
