"""Who may see what: everything, what one actor could know, or what the public knows.

One filter for every page. An actor knows its own moves, what is done in public, and what is said
to it in private; a covert deed that names nobody is seen as a deed without a doer. A gauge
without noise is seen by all as it is; others are known to their owner only, and believed by the
rest (`explain.Sighting`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wargame.content.spec import ChanceSpec, InjectSpec, MoveSpec
from wargame.engine.scenario import Scenario

ALL, PUBLIC = "all", "public"


@dataclass(frozen=True)
class Lens:
    """A way to look at a run: `who` is `ALL`, `PUBLIC` or an actor."""

    who: str = ALL

    @property
    def sees_all(self) -> bool:
        """Whether nothing is hidden."""
        return self.who == ALL

    def deed(self, actor: str, move: MoveSpec) -> bool:
        """Whether it is known that `actor` made `move`."""
        if self.sees_all or self.who == actor or move.visible == "public":
            return True
        return move.visible == "private" and self.who == move.target

    def trace(self, move: MoveSpec) -> bool:
        """Whether a hidden move shows at least as a deed that nobody owns up to."""
        headline = move.headline or move.title
        return "{actor}" not in headline.en

    def inject(self, inject: InjectSpec) -> bool:
        """Whether an inject is heard of."""
        return self.sees_all or inject.visible == "public" or self.who in inject.to

    def chance(self, event: ChanceSpec) -> bool:
        """Whether an event of chance is noticed."""
        return self.sees_all or event.visible == "public"

    def reasons(self, actor: str) -> bool:
        """Whether it is known what `actor` weighed and believed."""
        return self.sees_all or self.who == actor

    def gauges(self, scenario: Scenario) -> Iterator[str]:
        """The gauges whose true value is known."""
        for name, spec in scenario.spec.scenario.gauges.items():
            if self.sees_all or not spec.noise or name.split(".")[0] == self.who:
                yield name


def lenses(scenario: Scenario) -> tuple[Lens, ...]:
    """Every lens of a scenario: all-seeing, the public's, then each actor's."""
    return (Lens(ALL), Lens(PUBLIC), *map(Lens, scenario.header.actors))
