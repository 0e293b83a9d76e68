"""The terminal program, driven by its keys without a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from own_loop import run_alone

from wargame.replay.replay import Replay
from wargame.show.text.narrate import Narrator
from wargame.show.text.odds_view import Between, Outlook
from wargame.show.text.text_layout import columns

pytest.importorskip("textual")

from textual.widgets import Static

from wargame.show.terminal import ReplayApp


def after(
    replay: Replay, keys: Sequence[str], size: tuple[int, int] = (120, 50)
) -> tuple[ReplayApp, dict[str, str]]:
    """The program after these keys, and what its panels say."""

    async def drive() -> tuple[ReplayApp, dict[str, str]]:
        app = ReplayApp(replay)
        async with app.run_test(size=size) as pilot:
            await pilot.press(*keys)
            panels = {
                name: str(app.query_one(f"#{name}", Static).render())
                for name in ("events", "ladder", "moved", "network", "keys")
            }
        return app, panels

    return run_alone(drive())


def test_keys_step_to_either_end_and_no_further(kherson: Replay) -> None:
    assert after(kherson, ["left"])[0].turn == 0
    assert after(kherson, ["right", "right", "left"])[0].turn == 1
    assert after(kherson, ["end"])[0].turn == 6
    assert after(kherson, ["end", "right"])[0].turn == 6
    assert after(kherson, ["end", "home"])[0].turn == 0


def test_a_turn_tells_deeds_with_reasons_ladders_and_gauges(kherson: Replay) -> None:
    _, panels = after(kherson, ["right"])
    assert "Russia called up more men for the war." in panels["events"]
    assert '"An army short of men needs an enemy who is afraid."' in panels["events"]
    assert "7  Russia and Ukraine: Limited" in panels["ladder"]
    assert "Mobilisation 0 → 288" in panels["moved"]
    assert "Ukraine → Russia" in panels["network"]


def test_reasons_lens_and_language_change_with_a_key(kherson: Replay) -> None:
    assert "Kharkiv" not in after(kherson, ["right", "w"])[1]["events"]
    assert "hotline" in after(kherson, ["right"])[1]["events"]
    assert "hotline" not in after(kherson, ["right", "e"])[1]["events"]
    assert "ロシア" in after(kherson, ["right", "l"])[1]["events"]


def test_actor_by_actor_it_says_how_they_decided(kherson: Replay) -> None:
    actors = kherson.scenario.header.actors
    for steps in (1, len(actors)):
        panel = after(kherson, ["right", *["a"] * steps])[1]["events"]
        name = Narrator.of(kherson).actor(actors[steps - 1])
        assert panel.startswith(f"Turn 1: 5 September 2022: {name}") and "(next in line)" in panel
    around = after(kherson, ["right", *["a"] * (len(actors) + 1)])[1]["events"]
    assert around == after(kherson, ["right"])[1]["events"]


@pytest.mark.parametrize("keys", [["right"], ["right", "l"], ["right", "a"], ["end", "l", "a"]])
def test_nothing_is_cut_off_in_a_small_terminal(kherson: Replay, keys: list[str]) -> None:
    _, panels = after(kherson, keys, (80, 24))
    assert max(columns(line) for line in panels["events"].splitlines()) <= 42
    assert max(columns(line) for line in panels["ladder"].splitlines()) <= 26
    assert columns(panels["keys"]) <= 78


def test_the_odds_stand_beside_the_ladder_for_those_who_see_everything(kherson: Replay) -> None:
    async def drive() -> list[str]:
        turns = kherson.playthrough.turns + 1
        share = {"Libya": Between(0.25, 0.2, 0.3), "Korea": Between(0.0, 0.0, 0.1)}
        app = ReplayApp(kherson, outlook=Outlook(40, (share,) * turns))
        async with app.run_test(size=(120, 50)) as pilot:
            seen = []
            for key in ("right", "e"):
                await pilot.press(key)
                seen.append(str(app.query_one("#odds", Static).render()))
        return seen

    everything, public = run_alone(drive())
    assert "25.0 % (20.0–30.0)" in everything and everything.count("%") == 1
    assert "25.0 %" not in public
