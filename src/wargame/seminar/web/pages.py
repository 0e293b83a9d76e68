"""Templates and what they are given. All text of people and authors is escaped, always."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from wargame.seats import seating
from wargame.seminar.table import Ack, Table
from wargame.seminar.web.assets import address
from wargame.seminar.web.qr import square
from wargame.seminar.web.scenes import Scene
from wargame.seminar.web.telling import told_event
from wargame.seminar.web.words import LANGUAGES, speaker
from wargame.show.text.language import read


def page_of(role: str) -> str:
    """Where a role's page is."""
    actor = seating.seat_of(role)
    return f"/{role}" if actor is None else f"/seat/{quote(actor)}"


@cache
def templates() -> jinja2.Environment:
    """All templates, compiled, so that the first page does not wait for them."""
    folder = files(__package__) / "templates"
    found = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals |= {
        "asset": address,
        "square": square,
        "languages": LANGUAGES,
        "places": by_place,
        "told_event": told_event,
    }
    found.filters["name_of"] = lambda actor, names: names[actor]
    for file in folder.iterdir():
        found.get_template(file.name)
    return found


class Pages:
    """Renders everything that is HTML.

    links: how other machines reach us; `link` is the one in QR codes.
    """

    def __init__(self, table: Table, links: tuple[str, ...]) -> None:
        self._moves = table.board.scenario.spec.moves
        self.links = links
        self.link = links[0]
        self._templates = templates()
        self._kept: dict[tuple[str, str, bool], tuple[Scene, str]] = {}

    def door(self, lang: str, *, again: bool) -> str:
        """The page that asks for a code."""
        return self._render("join.html", lang, again=again)

    def frame(self, role: str, lang: str, whose: str) -> str:
        """The empty page of a role, perhaps around what another one sees."""
        return self._render("page.html", lang, role=role, whose=whose)

    def part(self, whose: str, lang: str, scene: Scene, public_code: str, *, live: bool) -> str:
        """What a role sees, rendered once for each scene, however many ask.

        live: its own page, whose buttons work; otherwise somebody looks over its shoulder.
        public_code: the projector's, which only the facilitator's page shows.
        """
        kept = self._kept.get((whose, lang, live))
        if kept is not None and kept[0] is scene:
            return kept[1]
        shown = self._render(
            f"{whose.partition(':')[0]}.html",
            lang,
            v=scene.seen,
            whose=whose,
            live=live,
            devices=scene.devices,
            link=self.link,
            links=self.links,
            names={seat["actor"]: seat["name"] for seat in scene.seen["seats"]},
            titles={move: read(spec.title, lang, move) for move, spec in self._moves.items()},
            public_code=public_code if whose == seating.FACILITATOR else "",
        )
        self._kept[whose, lang, live] = (scene, shown)
        return shown

    def drawn(self, whose: str, lang: str, *, live: bool) -> tuple[str, str] | None:
        """The label and the page of a part as it was last rendered, however old."""
        kept = self._kept.get((whose, lang, live))
        return None if kept is None else (kept[0].label, kept[1])

    @property
    def asked(self) -> set[str]:
        """The roles whose part has been asked for."""
        return {role for role, _, _ in tuple(self._kept)}

    def variants(self, whose: str) -> list[tuple[str, bool]]:
        """In which (language, live) a role's part has been asked for."""
        return [(lang, live) for role, lang, live in tuple(self._kept) if role == whose]

    def done(self, name: str, ack: Ack, lang: str) -> str:
        """What a page says when a command is on disk."""
        return self._render("done.html", lang, command=name, data=ack.data)

    def refusal(self, message: str) -> str:
        """What a page says when nothing was done."""
        return Markup('<p class="bad">{}</p>').format(message)

    def _render(self, template_name: str, lang: str, **given: Any) -> str:
        template = self._templates.get_template(template_name)
        return template.render(_=speaker(lang), lang=lang, **given)


def by_place(
    know: list[dict[str, Any]], names: Mapping[str, str]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Gauges by the actor that they belong to; "" for those of nobody, which come first."""
    groups: dict[str, list[dict[str, Any]]] = {"": []}
    for fact in know:
        owner = fact["gauge"].partition(".")[0]
        groups.setdefault(owner if owner in names else "", []).append(fact)
    return [(owner, facts) for owner, facts in groups.items() if facts]
