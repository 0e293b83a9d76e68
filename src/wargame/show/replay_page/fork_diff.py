"""A fork beside its original: what was changed, what differs in each turn, how both end.

Seen by whoever sees everything; a reader who forks a run is no actor in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from wargame.analysis.odds import Change, Usual
from wargame.content.spec import Text
from wargame.replay.fork import Apart, Fork
from wargame.replay.orders import Ruling
from wargame.show.text.language import paragraph, read, sentence
from wargame.show.text.narrate import Narrator
from wargame.statistics.shares import Share

Kind = Literal["news", "deed", "ladder", "gauge"]

MOST_GAUGES = 6


@dataclass(frozen=True)
class Row:
    """One thing that differs: what it is, as it was, and as it is in the fork."""

    kind: Kind
    what: str
    was: str
    now: str


@dataclass(frozen=True)
class Following:
    """How often futures come to one end: shares of the original's and of the fork's."""

    title: str
    was: Share
    now: Share
    change: Change


class Beside:
    """Two courses of events in one language; `was` and `now` tell the original and the fork."""

    def __init__(self, fork: Fork, lang: str = "en") -> None:
        self.fork = fork
        self.was = Narrator.of(fork.parent, lang)
        self.now = Narrator.of(fork.replay, lang)
        self._apart = {apart.turn: apart for apart in fork.apart}

    @property
    def turns(self) -> tuple[int, ...]:
        """The turns that differ, as far as both courses of events go."""
        return tuple(self._apart)

    def changed(self) -> str:
        """What was laid down otherwise, in a sentence or two."""
        say, turn = self.now.say, self.fork.turn
        new = self.fork.replay.event(turn)
        old = self.fork.parent.event(turn) if turn <= self.fork.parent.playthrough.turns else None
        told = []
        for actor, orders in new.orders.items():
            was, now = ((e.orders[actor] if e else ()) for e in (old, new))
            given = [order for order in orders if order.by == "seat"]
            if given and [o.move for o in was] != [o.move for o in now]:
                told.append(
                    say("{actor}: {now}, instead of: {was}.").format(
                        actor=self.now.actor(actor),
                        now=self._moves(tuple(order.move for order in now)),
                        was=self._moves(tuple(order.move for order in was)),
                    )
                )
            elif given:
                told.append(
                    say("{actor}: {now}, as before.").format(
                        actor=self.now.actor(actor),
                        now=self._moves(tuple(order.move for order in now)),
                    )
                )
        known = len(old.injects) if old else 0
        for inject in new.injects[known:]:
            title = read(Text.model_validate(inject["title"]), self.now.lang)
            told.append(sentence(say("Thrown in: {what}").format(what=title), self.now.lang))
        for actor, rulings in new.rulings.items():
            if old is None or rulings != old.rulings.get(actor, ()):
                told.append(
                    say("{actor}'s orders were ruled: {what}.").format(
                        actor=self.now.actor(actor),
                        what=say(", ").join(self._ruled(ruling) for ruling in rulings),
                    )
                )
        return paragraph(told, self.now.lang)

    def rows(self, turn: int) -> tuple[Row, ...]:
        """What differs in a turn: news, deeds, ladders, and the gauges that lie apart most."""
        apart = self._apart.get(turn)
        return tuple(self._rows(apart)) if apart else ()

    def ends(self) -> tuple[str, str]:
        """How the original ends, and how the fork does."""
        return self._end(self.was), self._end(self.now)

    def left_out(self) -> tuple[str, ...]:
        """Orders of the original that could no longer be given, by turn."""
        say = self.now.say
        form = say("Turn {turn}: {actor} could no longer order {move}.")
        return tuple(
            form.format(
                turn=turn, actor=self.now.actor(left.actor), move=self.now.move(left.order.move)
            )
            for turn, left in self.fork.left_out
            if left.order.move in self.now.scenario.spec.moves
        )

    # ------------------------------------------------------------- rows

    def _rows(self, apart: Apart) -> Iterator[Row]:
        say, turn = self.now.say, apart.turn
        was, now = ([item.text for item in side.news(turn)] for side in (self.was, self.now))
        for text in was:
            if text not in now:
                yield Row("news", say("News"), text, say("did not happen"))
        for text in now:
            if text not in was:
                yield Row("news", say("News"), say("did not happen"), text)
        for actor in self.now.scenario.header.actors:
            done = self._done(self.was, turn, actor), self._done(self.now, turn, actor)
            if done[0] != done[1]:
                yield Row("deed", self.now.actor(actor), *done)
        for dyad, (one, other) in apart.stages.items():
            steps = (f"{stage} {self.now.stage(stage)}" for stage in (one, other))
            yield Row("ladder", self.now.dyad(dyad), *steps)
        gauges = self.now.file.gauges
        widths = {
            name: gauges[name].max - gauges[name].min for name in apart.gauges if name in gauges
        }
        most = sorted(
            widths,
            key=lambda name: -abs(apart.gauges[name][1] - apart.gauges[name][0]) / widths[name],
        )
        for name in most[:MOST_GAUGES]:
            one, other = apart.gauges[name]
            yield Row("gauge", self.now.gauge(name), str(one), str(other))

    def _done(self, side: Narrator, turn: int, actor: str) -> str:
        """What an actor did in a turn, waiting included."""
        record = side.playthrough.records[turn - 1]
        moves = side.scenario.header.moves[actor]
        told = []
        for m, success in zip(record.orders[actor][:, 0], record.success[actor][:, 0], strict=True):
            text = self._moves((moves[m] if m >= 0 else None,))
            told.append(text if success or m < 0 else text + side.say(" (came to nothing)"))
        return side.say("; ").join(dict.fromkeys(told))

    def _moves(self, moves: tuple[str | None, ...]) -> str:
        say = self.now.say
        names = (self.now.move(move) if move else say("nothing") for move in moves)
        return say("; ").join(dict.fromkeys(names))

    def _ruled(self, ruling: Ruling) -> str:
        say = self.now.say
        return {
            "accept": say("accepted"),
            "skip": say("skipped"),
            "succeed": say("succeeds"),
            "fail": say("fails"),
            "modify": say("changed"),
        }[ruling.verdict]

    def _end(self, side: Narrator) -> str:
        ending, turn = side.playthrough.ending, side.playthrough.turns
        if ending is None:
            return side.say("Told up to turn {turn}; it goes on.").format(turn=turn)
        return side.say("{ending} (turn {turn})").format(ending=side.ending(ending), turn=turn)


def following(usual: Usual, narrator: Narrator) -> tuple[Following, ...]:
    """What usually follows: every milestone, then every ending that any future came to."""
    changes = {change.name: change for change in usual.changes()}
    return tuple(
        Following(narrator.outcome(name), was, now, changes[name])
        for name, (was, now) in _shares(usual).items()
        if was.count or now.count
    )


def unreached(usual: Usual, narrator: Narrator) -> tuple[str, ...]:
    """The milestones and endings that no future came to, of the original or of the fork."""
    return tuple(
        narrator.outcome(name)
        for name, both in _shares(usual).items()
        if not any(share.count for share in both)
    )


def _shares(usual: Usual) -> dict[str, tuple[Share, Share]]:
    """Of every milestone, then of every ending: the original's share and the fork's."""

    def share(name: str, world: int) -> Share:
        of = usual.milestones if name in usual.header.milestones else usual.endings
        return of(world)[name]

    names = (*usual.header.milestones, *usual.header.endings)
    return {name: (share(name, 0), share(name, 1)) for name in names}
