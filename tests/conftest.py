"""What every test shares: which tests run, a steady Hypothesis, and a browser."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# No deadline, nor a complaint that examples come slowly: a test may not depend on how busy the
# machine is. `steady` draws the same examples every time, so a red run is red again; `fresh` looks
# where nobody has looked and prints how to come back. Choose with HYPOTHESIS_PROFILE.
hypothesis.settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "fresh", hypothesis.settings.get_profile("steady"), derandomize=False, max_examples=1000
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# The test processes already use every core between them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Compiled scenarios are shelved for these tests only, once for all processes that run them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _shelf = tempfile.TemporaryDirectory(prefix="wargame-tests-")
    os.environ["WARGAME_CACHE"] = _shelf.name

NO_BROWSER = "no Chromium here: apt-get install chromium fonts-noto-cjk"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, too")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what this run did not ask for or this machine cannot do, by name and aloud."""
    if item.get_closest_marker("long") and not item.config.getoption("--long"):
        pytest.skip("takes minutes: `make long` runs it")
    if item.get_closest_marker("browser") and CHROMIUM is None:
        pytest.skip(NO_BROWSER)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, where it is read, which tests a browser would have run."""
    skipped = terminalreporter.stats.get("skipped", ())
    left_out = [report.nodeid for report in skipped if NO_BROWSER in str(report.longrepr)]
    if not left_out:
        return
    say = terminalreporter
    say.section(f"{len(left_out)} BROWSER TESTS WERE LEFT OUT", sep="!", red=True, bold=True)
    for file, count in Counter(node.partition("::")[0] for node in left_out).items():
        say.line(f"{count:4} of {file}")
    say.line("There is no Chromium on this machine: what the pages do is not tested.")
    say.line("On Debian: apt-get install chromium fonts-noto-cjk; then run the tests again.")
    say.line("Elsewhere: any Chromium that is found as `chromium` or `chromium-browser`.")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top folder of this checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium that talks to this machine only; tests that use it are marked browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                # Chromium refuses its sandbox to root, and CI is root in a container.
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-gpu",
                "--disable-quic",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield chromium
        chromium.close()
