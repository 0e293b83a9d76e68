"""A run in the terminal, turn by turn: the keys are those of the page.

What it says is what the plain lines say (`plain`), in panels: news and deeds with their reasons,
the ladders, the gauges that moved, and who acted on whom.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Footer, Header, Static

from wargame.replay import Replay
from wargame.show.language import LANGUAGES
from wargame.show.lens import Lens, lenses
from wargame.show.narrate import Narrator, Week
from wargame.show.plain import arrow, marks
from wargame.show.story import beginning, story

SIGNS = {"escalate": "▲", "de-escalate": "▽", "neutral": "·"}


class ReplayApp(App[None]):
    """Steps through one replay."""

    CSS = """
    #left { width: 3fr; } #right { width: 2fr; }
    .panel { border: round $primary; padding: 0 1; height: auto; }
    #events { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "back", priority=True),
        Binding("right", "step(1)", "forward", priority=True),
        Binding("home", "go(0)", "first", priority=True),
        Binding("end", "go(-1)", "last", priority=True),
        Binding("w", "why", "why"),
        Binding("e", "eyes", "whose eyes"),
        Binding("l", "language", "language"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, replay: Replay, lang: str = "en", lens: Lens | None = None) -> None:
        super().__init__()
        self.replay = replay
        self.turn = 0
        self.reasons = True
        self.narrator = Narrator.of(replay, lang, lens)

    def compose(self) -> ComposeResult:
        """News and deeds to the left; ladders, gauges and the network to the right."""
        yield Header()
        with Horizontal():
            with VerticalScroll(id="left"):
                yield Static(id="events", classes="panel", markup=False)
            with Vertical(id="right"), VerticalScroll():
                for name in ("ladder", "moved", "network"):
                    yield Static(id=name, classes="panel", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Show the beginning."""
        self.draw()

    # ------------------------------------------------------------- keys

    def action_step(self, by: int) -> None:
        """So many turns on."""
        self.action_go(max(0, self.turn + by))

    def action_go(self, turn: int) -> None:
        """To a turn; -1 is the last."""
        last = self.replay.playthrough.turns
        self.turn = last if turn < 0 else min(turn, last)
        self.draw()

    def action_why(self) -> None:
        """With or without reasons."""
        self.reasons = not self.reasons
        self.draw()

    def action_eyes(self) -> None:
        """The next lens."""
        known = lenses(self.replay.scenario)
        following = known[(known.index(self.narrator.lens) + 1) % len(known)]
        self._look(self.narrator.lang, following)

    def action_language(self) -> None:
        """The other language."""
        place = LANGUAGES.index(self.narrator.lang)
        self._look(LANGUAGES[(place + 1) % len(LANGUAGES)], self.narrator.lens)

    def _look(self, lang: str, lens: Lens) -> None:
        self.narrator = Narrator.of(self.replay, lang, lens)
        self.draw()

    # ------------------------------------------------------------- panels

    def draw(self) -> None:
        """Fill every panel for the turn."""
        narrator, say = self.narrator, self.narrator.say
        self.title = narrator.name
        week = narrator.week(self.turn) if self.turn else None
        heading = week.title if week else say("Before the first turn")
        self.sub_title = f"{heading} / {self.replay.playthrough.turns}"
        self._fill("events", heading, self._events(week))
        self._fill("ladder", say("The ladder"), self._ladder())
        self._fill("moved", say("What moved most"), self._moved(week))
        self._fill("network", say("Who acted on whom"), self._network(week))

    def _fill(self, name: str, title: str, lines: list[str]) -> None:
        panel = self.query_one(f"#{name}", Static)
        panel.border_title = title
        panel.update("\n".join(lines))

    def _events(self, week: Week | None) -> list[str]:
        narrator = self.narrator
        if week is None:
            return [narrator.about, "", beginning(narrator)]
        lines = [f"* {news.text}" for news in week.news]
        for act in week.acts:
            lines.append(f"{SIGNS[act.direction]} {act.text}{marks(narrator, act)}")
            if self.reasons and act.why:
                lines.append(f"    {act.why}")
        lines += [f"!! {narrator.milestone(name)}" for name in week.milestones]
        if week.turn == self.replay.playthrough.turns:
            lines += ["", *story(narrator)]
        return lines or [narrator.say("Nothing of note.")]

    def _ladder(self) -> list[str]:
        return [
            f"{'▇' * rung.stage}{'░' * (9 - rung.stage)} {rung.stage}{arrow(rung.change)} "
            f"{rung.title}: {rung.name}"
            for rung in self.narrator.rungs(self.turn)
        ]

    def _moved(self, week: Week | None) -> list[str]:
        motions = week.motions if week else ()
        return [f"{motion.title} {motion.before} → {motion.after}" for motion in motions]

    def _network(self, week: Week | None) -> list[str]:
        narrator = self.narrator
        return [
            f"{SIGNS[act.direction]} {narrator.actor(act.actor)} → "
            f"{', '.join(map(narrator.actor, act.aims))}: {narrator.move(act.move)}"
            for act in (week.acts if week else ())
            if act.aims
        ]
