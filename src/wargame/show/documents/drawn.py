"""The figures of a batch, one call each, with the names that its authors gave to things.

In a notebook: ``drawn = Drawn(r.batch)``, then ``drawn.endings()``; every method returns axes.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from wargame.analysis.profile import Profile, profile
from wargame.batches.batch import Batch
from wargame.errors import WargameError
from wargame.show.documents import figures
from wargame.show.text.titles import titles

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Drawn:
    """Draws what a batch found; `lang` is "en" or "ja"."""

    def __init__(self, batch: Batch, lang: str = "en") -> None:
        self.batch = batch
        self.lang = lang

    @cached_property
    def titles(self) -> dict[str, str]:
        """What to call things."""
        return titles({name: self.batch.spec(name) for name in self.batch.headers}, self.lang)

    @cached_property
    def _baseline(self) -> Profile:
        return profile(self.batch)

    def endings(self) -> list[Axes]:
        """Shares of all endings and milestones, by variant: stacked, and with intervals."""
        tallies = self.batch.tallies()
        return figures.ending_shares(
            {tally.policy: tally.ending_shares() for tally in tallies},
            {tally.policy: tally.milestone_shares() for tally in tallies}
            if self.batch.header.milestones
            else None,
            titles=self.titles,
            lang=self.lang,
        )

    def differences(self, outcome: str) -> Axes:
        """How each policy moves an outcome. Raises WargameError without policies."""
        study = self.batch.summary.study
        if study is None:
            raise WargameError("this batch has no policies to compare with the baseline")
        return figures.differences(study, outcome, titles=self.titles, lang=self.lang)

    def times(self) -> Axes:
        """When the endings come, in the baseline."""
        return figures.time_to_ending(
            self._baseline.ended,
            self._baseline.runs,
            turn_length=self.batch.header.turn_length,
            titles=self.titles,
            lang=self.lang,
        )

    def stages(self) -> Axes:
        """The highest stage of each dyad, in the baseline."""
        return figures.highest_stages(self._baseline.peaks, titles=self.titles, lang=self.lang)
