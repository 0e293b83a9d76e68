"""How often an actor's rules stood in for the program that held its seat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wargame.batches.store.columns import Columns
from wargame.errors import counted
from wargame.statistics.result import Result, percent, say, whole


@dataclass(frozen=True)
class StoodIn(Result):
    """A seat in the runs of one variant. Every turn is counted; nothing is estimated.

    turns: that its program was asked for. by_rules: of those, the turns that it left to the
    actor's rules, for want of a usable answer. runs: that were played. affected: of those, the
    runs with such a turn. first: the first of them.
    """

    policy: str
    actor: str
    turns: int
    by_rules: int
    runs: int
    affected: int
    first: int | None

    def words(self, lang: str = "en") -> str:
        """One sentence, without the variant."""
        share = percent(self.by_rules / max(self.turns, 1), 1)
        by_rules, affected = whole(self.by_rules), whole(self.affected)
        turns, runs = whole(self.turns), whole(self.runs)
        return say(
            lang,
            en=f"rules stood in for the program of {self.actor} in {by_rules} of "
            f"{counted(self.turns, 'turn')} ({share}), in {affected} of "
            f"{counted(self.runs, 'run')}.",
            ja=f"{self.actor}のプログラムに代わって規則が決めたのは、{turns}ターン中{by_rules}ターン"
            f"（{share}）、実行{runs}回中{affected}回。",
        )


def column(actor: str) -> str:
    """The column of a run's results that says in how many turns rules stood in for a seat."""
    return f"stood_in.{actor}"


def standing_in(actor: str) -> tuple[str, str]:
    """The columns that `stood_in` reads."""
    return "turn", column(actor)


def stood_in(results: Iterable[tuple[range, Columns]], policy: str, actor: str) -> StoodIn | None:
    """A seat's count over the stored chunks of a variant.

    None where nothing was played, or the first edition played, which did not count.
    """
    turns = by_rules = runs = affected = 0
    first = None
    for numbers, columns in results:
        if (missed := columns.get(column(actor))) is None:
            return None
        runs += len(numbers)
        turns += int(columns["turn"].sum())
        by_rules += int(missed.sum())
        affected += int((missed > 0).sum())
        if first is None and missed.any():
            first = numbers[int((missed > 0).argmax())]
    return StoodIn(policy, actor, turns, by_rules, runs, affected, first) if runs else None
