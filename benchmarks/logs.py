"""How long a teacher waits: opening a log, stepping through it, its odds, a fork, its page.

    python benchmarks/logs.py [--json] [--jobs J]

Every line is measured in this one run, on a run of Kherson 2022 that lasts its whole year. What
one process does is given in seconds of its processor, which hardly depend on who else uses the
machine; what several do, and what a browser shows, by the clock. Opening is measured in a new
process each time, from the shell's call to the printed turn: the first time that a scenario is
seen, and later (`wargame.boundary.cache`). What each line means: docs/replay.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import wargame
from wargame.analysis.odds import odds_of, usually
from wargame.compiler import compile_scenario
from wargame.content.load import load
from wargame.engine.scenario import Scenario
from wargame.replay.fork import fork
from wargame.replay.replay import Replay, header_for, open_replay, record
from wargame.show.replay_page.page import export
from wargame.show.text.odds_view import outlook_of

SCENARIO, FUTURES = "kherson-2022", 1000
SEMINAR = 12  # turns
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass(frozen=True)
class Line:
    """One measurement, which should lie below `limit`, if there is one."""

    what: str
    value: float
    unit: str
    limit: float | None = None

    def told(self) -> str:
        """As a row of the table."""
        wanted = "" if self.limit is None else f"under {self.limit:g}"
        met = "" if self.limit is None else "met" if self.value < self.limit else "MISSED"
        return f"  {self.what:48}{self.value:9.2f} {self.unit:8}{wanted:12}{met}"


def whole_year(scenario: Scenario, path: Path, until: int | None = None) -> Replay:
    """The first run that nothing ends before its horizon, written as a log."""
    for run in range(1000):
        replay = record(scenario, header_for(scenario, run=run, until=until))
        if replay.playthrough.turns == (until or scenario.horizon):
            return record(scenario, header_for(scenario, run=run, until=until), path=path)
    raise SystemExit(f"no run of {SCENARIO} lasts its whole year")


def cpu(work: Callable[[], Any]) -> float:
    """Seconds of this process's processor."""
    start = time.process_time()
    work()
    return time.process_time() - start


def clock(work: Callable[[], Any]) -> float:
    """Seconds by the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cold(path: Path, shelf: Path) -> float:
    """Processor seconds of a new process that opens a log and prints a turn."""
    words = ["-m", "wargame", "replay", str(path), "--turn", "1", "--plain"]
    before = os.times()
    subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "WARGAME_CACHE": str(shelf)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = os.times()
    return after.children_user + after.children_system - before[2] - before[3]


def opening(year: Path, seminar: Path, shelf: Path) -> Iterator[Line]:
    """Opening logs, with an empty shelf and with a full one."""
    cold(year, shelf)  # the modules' own bytecode
    shutil.rmtree(shelf)
    yield Line("a seminar's log, scenario never seen", cold(seminar, shelf), "s")
    for what, path in ((f"a seminar's log, {SEMINAR} turns", seminar), ("a year's, 52", year)):
        yield Line(f"{what}", statistics.median(cold(path, shelf) for _ in range(5)), "s", 1)


def terminal_step(replay: Replay) -> float:
    """Seconds that 95 of 100 steps of the terminal program take at most, from key to panels."""
    from wargame.show.terminal import ReplayApp

    async def drive() -> float:
        took = []
        async with ReplayApp(replay).run_test(size=(120, 40)) as pilot:
            for _ in range(replay.playthrough.turns):
                start = time.process_time()
                await pilot.press("right")
                took.append(time.process_time() - start)
        return statistics.quantiles(took, n=20)[-1]

    return asyncio.run(drive())


BROWSER_STEP = """async () => {
  const heading = document.getElementById("heading"), took = [];
  for (let i = 0; i < 20; i++) {
    const start = performance.now(), seen = new Promise((done) => {
      new MutationObserver((_, it) => { it.disconnect(); done(); })
        .observe(heading, {childList: true, characterData: true, subtree: true});
    });
    document.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
    await seen;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    took.push(performance.now() - start);
  }
  return took.sort((a, b) => a - b)[10];
}"""


def browser(page: Path) -> Iterator[Line]:
    """The exported page in a headless Chromium: opening it, and a step, painted."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM
    with sync_playwright() as playwright:
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        tab = chromium.new_page(viewport={"width": 1366, "height": 768})

        def show() -> None:
            tab.goto(page.as_uri())
            tab.wait_for_selector("body[data-ready]")

        yield Line("the page opens in a browser", clock(show), "s", 1)
        yield Line("a step on the page, painted", tab.evaluate(BROWSER_STEP), "ms", 100)
        chromium.close()


def measure(folder: Path, jobs: int) -> Iterator[Line]:
    """All lines, one after another."""
    year, seminar, shelf = folder / "year.jsonl", folder / "seminar.jsonl", folder / "shelf"
    os.environ["WARGAME_CACHE"] = str(shelf)
    scenario = compile_scenario(load(SCENARIO))
    replay = whole_year(scenario, year)
    whole_year(scenario, seminar, SEMINAR)
    yield from opening(year, seminar, shelf)
    yield Line("verify a year, in a running process", cpu(lambda: open_replay(year)), "s")
    if find_spec("textual"):
        yield Line("a step in the terminal, 95 of 100", 1000 * terminal_step(replay), "ms", 100)
    start = time.perf_counter()
    odds = odds_of(replay, FUTURES, jobs)
    what = f"odds of 52 turns x {FUTURES:,}, {jobs} processes"
    yield Line(what, time.perf_counter() - start, "s", 30)
    move = {"usa": ["hold", "hold"]}
    took = cpu(lambda: usually(fork(replay, 1, move), FUTURES))
    yield Line(f"fork of turn 1 with {FUTURES:,} futures of each", took, "s", 2)
    text = export(replay, outlook_of(odds))
    page = folder / "page.html"
    page.write_text(text, encoding="utf-8")
    yield Line("the page of a year with its odds", len(text.encode()) / 1e6, "MB", 2)
    if CHROMIUM and find_spec("playwright"):
        yield from browser(page)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    parser.add_argument("--jobs", type=int, default=2, help="processes for the odds (default: 2)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(Path(folder), options.jobs)
        if options.json:
            print(json.dumps({"scenario": SCENARIO, "lines": [asdict(line) for line in lines]}))
            return
        print(f"{SCENARIO}, wargame {wargame.__version__}")
        for line in lines:
            print(line.told(), flush=True)


if __name__ == "__main__":
    main()
