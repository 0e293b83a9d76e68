"""The terminal program, driven by its keys without a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from own_loop import run_alone

from wargame.replay import Replay

pytest.importorskip("textual")

from textual.widgets import Static

from wargame.show.terminal import ReplayApp


def after(replay: Replay, keys: Sequence[str]) -> tuple[ReplayApp, dict[str, str]]:
    """The program after these keys, and what its panels say."""

    async def drive() -> tuple[ReplayApp, dict[str, str]]:
        app = ReplayApp(replay)
        async with app.run_test(size=(120, 50)) as pilot:
            await pilot.press(*keys)
            panels = {
                name: str(app.query_one(f"#{name}", Static).render())
                for name in ("events", "ladder", "moved", "network")
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
    assert "The front broke at Kharkiv" in panels["events"]
    assert "7 Russia and Ukraine: Limited destructive blows" in panels["ladder"]
    assert "Mobilisation 0 → 288" in panels["moved"]
    assert "Ukraine → Russia" in panels["network"]


def test_reasons_lens_and_language_change_with_a_key(kherson: Replay) -> None:
    assert "Kharkiv" not in after(kherson, ["right", "w"])[1]["events"]
    assert "hotline" in after(kherson, ["right"])[1]["events"]
    assert "hotline" not in after(kherson, ["right", "e"])[1]["events"]
    assert "ロシア" in after(kherson, ["right", "l"])[1]["events"]
