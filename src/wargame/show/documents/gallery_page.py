"""The gallery: the telling runs of a batch, each with why it was chosen and a link to its page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Protocol

from wargame.boundary.files import make_folder, write_text
from wargame.replay.replay import Replay
from wargame.show.replay_page.charts import Chart
from wargame.show.replay_page.page import export, policy_for, static
from wargame.show.replay_page.page_data import strip_chart
from wargame.show.text.language import LANGUAGES, words
from wargame.show.text.narrate import Narrator
from wargame.show.text.story import story
from wargame.show.text.titles import head

INDEX = "index.html"


class Pick(Protocol):
    """A run worth opening, as `wargame.analysis.notable_runs` chooses them."""

    @property
    def where(self) -> str:
        """What opens the run."""

    @property
    def run(self) -> int:
        """Its number."""

    @property
    def kind(self) -> str:
        """What it is an example of."""

    def words(self, lang: str = "en", called: Callable[[str], str] = str) -> str:
        """Why it was chosen, in a sentence; `called` says what an ending is called."""


@dataclass(frozen=True)
class Entry:
    """One card of the gallery: the page it links to, and the run that is on it."""

    file: str
    pick: Pick
    replay: Replay


def write_gallery(
    folder: Path, picks: Sequence[Pick], open_run: Callable[[str], Replay], lang: str = "en"
) -> list[Path]:
    """Write ``index.html`` and one replay page for each run that was picked.

    Returns the files written, the index first. A run that was picked twice has one page.
    """
    make_folder(folder)
    replays: dict[str, Replay] = {}
    files: dict[str, str] = {}
    for pick in picks:
        if pick.where not in replays:
            replays[pick.where] = open_run(pick.where)
            files[pick.where] = f"{len(files) + 1:02d}-{pick.kind}-{pick.run}.html"
            page = export(replays[pick.where], lang=lang)
            write_text(folder / files[pick.where], page)
    entries = [Entry(files[pick.where], pick, replays[pick.where]) for pick in picks]
    write_text(folder / INDEX, index(entries, lang))
    return [folder / INDEX, *(folder / name for name in files.values())]


def index(entries: Sequence[Entry], lang: str = "en") -> str:
    """The page of cards. Both languages stand on it, one after the other, `lang` first."""
    tongues = sorted(LANGUAGES, key=lambda tongue: tongue != lang)
    style, title = static("page.css"), words(lang)("Runs worth opening")
    sections = "".join(_section(entries, tongue) for tongue in tongues)
    links = " ".join(
        f'<a href="#{tongue}" lang="{tongue}">{escape(words(tongue)("Runs worth opening"))}</a>'
        for tongue in tongues
    )
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy_for(style)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n"
        f"</head>\n<body>\n<main>\n<p>{links}</p>\n{sections}</main>\n</body>\n</html>\n"
    )


def _section(entries: Sequence[Entry], lang: str) -> str:
    say = words(lang)
    cards = "".join(_card(entry, lang) for entry in entries)
    return (
        f'<div lang="{lang}" id="{lang}">\n<h1>{escape(say("Runs worth opening"))}</h1>\n'
        f"<p>{escape(say('Chosen from many runs of a model, for learning. None is a forecast.'))}"
        f'</p>\n<div class="cards">{cards}</div>\n</div>\n'
    )


def _card(entry: Entry, lang: str) -> str:
    narrator = Narrator.of(entry.replay, lang)
    chart: Chart = strip_chart(narrator)
    told = "".join(f"<p>{escape(part)}</p>" for part in story(narrator)[1:])
    label = narrator.say("The ladder")
    why = entry.pick.words(lang, lambda name: head(narrator.outcome(name)))
    return (
        f'<section><h2><a href="{escape(entry.file)}?lang={lang}">'
        f"{escape(why)}</a></h2>\n"
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"{chart.whole(label)}</div>\n{told}</section>\n"
    )
