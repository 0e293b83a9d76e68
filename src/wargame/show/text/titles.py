"""What people call the things that files know by a name: endings, policies, worldviews.

Terminal tables in English keep the names of the files, which are words and can be typed again.
In Japanese they show the titles, and the name beside it where somebody will have to type it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from wargame.analysis.robust import AS_WRITTEN, BASELINE, label
from wargame.content.spec import OverlaySpec, Spec, Text
from wargame.engine.record import UNRESOLVED
from wargame.show.text.language import joined
from wargame.statistics.result import say

if TYPE_CHECKING:
    from wargame.batches.batch import Batch


def titles(specs: Mapping[str, Spec], lang: str = "en") -> dict[str, str]:
    """What people call endings, milestones, dyads and variants; `specs` by variant."""
    base = next(iter(specs.values()))
    found = _things(base, lang)
    for variant, spec in specs.items():
        if own := spec.overlays[len(base.overlays) :]:
            found[variant] = _laid_over(own, lang)
    return found


def _things(spec: Spec, lang: str) -> dict[str, str]:
    """The titles of a scenario's endings, milestones and dyads, and of what every table has."""
    file = spec.scenario
    items: dict[str, Text | None] = {
        **{name: ending.title for name, ending in file.endings.items()},
        **{name: milestone.title for name, milestone in file.milestones.items()},
        **{name: dyad.title for name, dyad in file.dyads.items()},
    }
    found = {name: joined(text.get(lang)) for name, text in items.items() if text}
    found.setdefault(BASELINE, say(lang, en="baseline", ja="基準"))
    found.setdefault(UNRESOLVED, say(lang, en="unresolved", ja="決着なし"))
    actors = {actor.id: joined((actor.short or actor.title).get(lang)) for actor in spec.actors}
    for dyad in file.dyads:
        ends = [actors.get(end, end) for end in dyad.split("-")]
        found.setdefault(dyad, say(lang, en=" – ", ja="・").join(ends))
    return found


def _laid_over(overlays: Iterable[OverlaySpec], lang: str) -> str:
    return " + ".join(joined(overlay.title.get(lang)) for overlay in overlays)


def head(title: str) -> str:
    """The part of a title before its colon: ``KABOOM: global nuclear war`` is ``KABOOM``.

    Of several policies laid over each other, that of each.
    """
    return " + ".join(re.split("[:：]", part)[0] for part in title.split(" + "))


class Titles:
    """What a table in the terminal calls things, in the language `lang`.

    known: titles by name; what is missing is called by its name.
    """

    def __init__(self, lang: str = "en", known: Mapping[str, str] | None = None) -> None:
        self.lang = lang
        self._known = known or {}
        self._heads = Counter(head(title) for title in self._known.values())

    @classmethod
    def of_batch(cls, batch: Batch, lang: str = "en") -> Titles:
        """Those of a folder of results."""
        if lang == "en":
            return cls(lang)
        return cls(lang, titles({name: batch.spec(name) for name in batch.headers}, lang))

    @classmethod
    def of_scenario(
        cls, scenario: str, overlays: Iterable[str] = (), lang: str = "en", worldview: str = ""
    ) -> Titles:
        """Those of a scenario by name or path, and of policies and worldviews laid over it.

        worldview: what the scenario's own files are read with. Raises SpecError.
        """
        from wargame.content.load import load

        if lang == "en":
            return cls(lang)
        known = _things(load(scenario, [worldview] if worldview else []), lang)
        known[AS_WRITTEN] = say(lang, en=AS_WRITTEN, ja="シナリオのまま")
        for name in overlays:
            if name != AS_WRITTEN:
                known[label(name)] = _laid_over(load(scenario, [name]).overlays, lang)
        return cls(lang, known)

    def __call__(self, name: str) -> str:
        """The title: ``KABOOM：全面核戦争``; of ``KABOOM|kaboom``, the one given the other."""
        if "|" in name and self._known:
            outcome, given = map(self.head, name.split("|", 1))
            return say(self.lang, en=f"{outcome}, given {given}", ja=f"{given}のときの{outcome}")
        return self._known.get(name, name)

    def head(self, name: str) -> str:
        """The title as far as its colon, for the head of a column or a list in a sentence.

        Where that would be the head of another title as well, the whole title.
        """
        title = self(name)
        short = head(title)
        return short if self._heads[short] == 1 else title

    def typed(self, name: str) -> str:
        """The title with the name that has to be typed: ``面子を保てる出口（off-ramp）``."""
        title = self(name)
        return title if title == name or name in (BASELINE, AS_WRITTEN) else f"{title}（{name}）"
