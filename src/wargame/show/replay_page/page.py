"""The page that a class looks at: one file with everything in it, which asks for nothing else.

The style and the script stand in ``static/``; the file names their hashes in its content security
policy, so that a browser runs exactly these and loads nothing from anywhere.
"""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from wargame.boundary.foreign import dumps
from wargame.replay.replay import Replay
from wargame.show.replay_page.page_data import page_data
from wargame.show.replay_page.spoiler_lock import chain, veil
from wargame.show.text.language import LANGUAGES
from wargame.show.text.narrate import Narrator
from wargame.show.text.odds_view import Outlook
from wargame.show.text.perspective import lenses


def export(
    replay: Replay, outlook: Outlook | None = None, lang: str = "en", predict: bool = False
) -> str:
    """The replay as one HTML file, in both languages and through every lens.

    lang: the language it opens in. predict: it opens with the turns after the first locked.
    """
    heads: dict[str, str] = {}
    turns: list[dict[str, str]] = [{} for _ in range(replay.playthrough.turns + 1)]
    for lens in lenses(replay.scenario):
        for tongue in LANGUAGES:
            data = page_data(replay, lens, tongue, outlook)
            name = f"{lens.who}/{tongue}"
            heads[name] = _json(data["head"])
            for turn, item in zip(turns, data["turns"], strict=True):
                turn[name] = _json(item)
    first, blobs = chain(
        [{"parts": turn} for turn in turns], replay.playthrough.worlds[-1].digest()
    )
    return page(
        {
            "mode": "file",
            "lang": lang,
            "predict": predict,
            "heads": veil({"parts": heads}),
            "key": first,
            "turns": blobs,
        },
        Narrator.of(replay, lang).name,
    )


def page(data: dict[str, Any], title: str, connect: str = "'none'") -> str:
    """The page around `data`. connect: where its script may ask, for the page of a server."""
    style, script = static("page.css"), static("page.js")
    # A data block ends at the first "</": JSON may write the "<" as an escape.
    content = _json(data).replace("<", "\\u003c")
    return Template(static("page.html")).substitute(
        lang=data["lang"],
        policy=policy_for(style, script, connect),
        title=escape(title),
        style=style,
        data=content,
        script=script,
    )


def policy_for(
    style: str, script: str | None = None, connect: str = "'none'", plays: bool = False
) -> str:
    """The content security policy of a page with this style and this script, and no other.

    plays: the page plays in a worker that it makes (`wargame.backends.browser`).
    """
    scripts = _hash(script) if script is not None else "'none'"
    worker = " 'wasm-unsafe-eval'; worker-src blob:" if plays else ""
    return (
        f"default-src 'none'; script-src {scripts}{worker}; style-src {_hash(style)}; "
        f"img-src data:; connect-src {connect}; base-uri 'none'; form-action 'none'"
    )


@cache
def static(name: str) -> str:
    """A file of the page, as text."""
    return (files("wargame.show") / "static" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


def _json(data: Any) -> str:
    return dumps(data, ensure_ascii=False, separators=(",", ":"))
