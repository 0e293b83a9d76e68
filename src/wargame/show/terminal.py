"""A run in the terminal, turn by turn: the keys are those of the page.

What it says is what the plain lines say (`plain_text`), in panels: news and deeds with their
reasons, or how one actor decided; the ladders, the odds, the gauges that moved, and who acted on
whom.
"""

from __future__ import annotations

import gc
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Header, Static

from wargame.replay.replay import Replay
from wargame.show.text.language import LANGUAGES
from wargame.show.text.narrate import Narrator, Week
from wargame.show.text.odds_view import Outlook
from wargame.show.text.perspective import Lens, lenses
from wargame.show.text.plain_text import arrow, marks, told_why
from wargame.show.text.story import beginning, story
from wargame.show.text.text_layout import wrapped

SIGNS = {"escalate": "▲", "de-escalate": "▽", "neutral": "·"}
NARROW = 24  # columns that a panel has at least, also before it has been laid out
ROOMY = 34  # with so many columns there is room for bars

Line = tuple[str, str]  # what stands before a paragraph, and the paragraph


class ReplayApp(App[None]):
    """Steps through one replay. outlook: the odds by turn, if they shall be shown."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #left { width: 3fr; } #right { width: 2fr; }
    VerticalScroll { scrollbar-gutter: stable; }  /* or lines would be broken for another width */
    .panel { border: round $primary; padding: 0 1; height: auto; }
    #events { min-height: 100%; }
    #keys { dock: bottom; height: 1; background: $panel; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", priority=True),
        Binding("right", "step(1)", priority=True),
        Binding("home", "go(0)", priority=True),
        Binding("end", "go(-1)", priority=True),
        Binding("w", "why"),
        Binding("a", "actor"),
        Binding("e", "eyes"),
        Binding("l", "language"),
        Binding("q", "quit"),
    ]

    def __init__(
        self,
        replay: Replay,
        lang: str = "en",
        lens: Lens | None = None,
        outlook: Outlook | None = None,
    ) -> None:
        super().__init__()
        self.replay = replay
        self.outlook = outlook
        self.turn = 0
        self.reasons = True
        self.mind = ""
        self.narrator = Narrator.of(replay, lang, lens)

    def compose(self) -> ComposeResult:
        """News and deeds to the left; ladders, odds, gauges and the network to the right."""
        yield Header(icon="")
        with Horizontal():
            with VerticalScroll(id="left"):
                yield Static(id="events", classes="panel", markup=False)
            with VerticalScroll(id="right"):
                panels = ("ladder", "odds", "moved", "network")
                for name in panels if self.outlook else (panels[0], *panels[2:]):
                    yield Static(id=name, classes="panel", markup=False)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Show the beginning; ↑ and ↓ scroll what is told."""
        gc.freeze()  # or now and then a step waits while everything compiled is looked through
        self.query_one("#left").focus()
        self.draw()

    def on_resize(self) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self.draw)

    # ------------------------------------------------------------- keys

    def action_step(self, by: int) -> None:
        """So many turns on."""
        self.action_go(max(0, self.turn + by))

    def action_go(self, turn: int) -> None:
        """To a turn; -1 is the last."""
        last = self.replay.playthrough.turns
        self.turn = last if turn < 0 else min(turn, last)
        self.query_one("#left").scroll_home(animate=False)
        self.draw()

    def action_why(self) -> None:
        """With or without reasons."""
        self.reasons = not self.reasons
        self.draw()

    def action_actor(self) -> None:
        """How the next actor decided; after the last one, what happened."""
        known = ("", *self.narrator.scenario.header.actors)
        self.mind = known[(known.index(self.mind) + 1) % len(known)]
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
        if self.mind and week:
            self._show("events", say("Why did they do that?"), self._mind())
        else:
            self._fill("events", heading, self._events(week))
        self._fill("ladder", say("The ladder"), self._ladder())
        if self.outlook:
            title = say("Where it was heading, {n} futures").format(n=self.outlook.futures)
            self._fill("odds", title, self._odds(self.outlook))
        self._fill("moved", say("What moved most"), self._moved(week))
        self._fill("network", say("Who acted on whom"), self._network(week))
        keys = say("← → Home End  w reasons  a actor by actor  e whose eyes  l 日本語  q quit")
        self.query_one("#keys", Static).update(keys)

    def _width(self, name: str) -> int:
        width = self.query_one(f"#{name}", Static).content_size.width
        # In Japanese a full stop may hang over the edge, two columns wide.
        return max(NARROW, width - 2 * (self.narrator.lang == "ja"))

    def _fill(self, name: str, title: str, lines: list[Line]) -> None:
        """Paragraphs, broken here: a terminal knows neither hanging lines nor Japanese."""
        width = self._width(name)
        parts = [part for lead, text in lines for part in wrapped(text, lead, width) or [""]]
        self._show(name, title, parts)

    def _show(self, name: str, title: str, lines: list[str]) -> None:
        panel = self.query_one(f"#{name}", Static)
        panel.border_title = title
        panel.update("\n".join(lines))

    def _bar(self, name: str, length: int, whole: int) -> str:
        """A bar, where there is room for one."""
        return f"{'▇' * length:░<{whole}} " if self._width(name) >= ROOMY else ""

    def _mind(self) -> list[str]:
        return told_why(self.narrator, self.turn, self.mind, self._width("events"))

    def _events(self, week: Week | None) -> list[Line]:
        narrator = self.narrator
        if week is None:
            return [("", narrator.about), ("", ""), ("", beginning(narrator))]
        lines = [("* ", narrator.heard(news)) for news in week.news]
        for act in week.acts:
            lines.append((f"{SIGNS[act.direction]} ", f"{act.text}{marks(narrator, act)}"))
            if self.reasons and act.why:
                lines.append(("    ", act.why))
        lines += [("!! ", narrator.milestone(name)) for name in week.milestones]
        if week.turn == self.replay.playthrough.turns:
            lines += [("", ""), *(("", part) for part in story(narrator))]
        return lines or [("", narrator.say("Nothing of note."))]

    def _ladder(self) -> list[Line]:
        colon = self.narrator.say(": ")
        return [
            (
                self._bar("ladder", rung.stage, 9) + f"{rung.stage}{arrow(rung.change) or ' '} ",
                f"{rung.title}{colon}{rung.name}",
            )
            for rung in self.narrator.rungs(self.turn)
        ]

    def _odds(self, outlook: Outlook) -> list[Line]:
        if not self.narrator.lens.sees_all:
            return [("", self.narrator.say("Only the all-seeing lens shows the odds."))]
        return [
            (
                self._bar("odds", round(10 * found.share), 10)
                + f"{found.words(self.narrator.lang)} ",
                self.narrator.outcome(name),
            )
            for name, found in outlook.likely(self.turn)
            if found.share
        ]

    def _moved(self, week: Week | None) -> list[Line]:
        motions = week.motions if week else ()
        return [("", f"{motion.title} {motion.before} → {motion.after}") for motion in motions]

    def _network(self, week: Week | None) -> list[Line]:
        narrator = self.narrator
        return [
            (
                f"{SIGNS[act.direction]} ",
                f"{narrator.actor(act.actor)} → {', '.join(map(narrator.actor, act.aims))}: "
                f"{narrator.move(act.move)}",
            )
            for act in (week.acts if week else ())
            if act.aims
        ]
