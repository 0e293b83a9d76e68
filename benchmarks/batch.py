"""How long whole batches take, from the command to the last file, by one process and by two.

    python benchmarks/batch.py [--scenario NAME] [--runs N [N ...]] [--rounds R] [--policies]

One process and two take turns, so that a machine whose clock drifts does so under both; each
line is the median of the rounds' ratios. What the lines mean: docs/speed.md.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from wargame.content.load import list_available, load
from wargame.errors import SpecError

WARGAME = [sys.executable, "-m", "wargame"]
WANTED = 1.8
LONG = 10.0
"""Seconds that one process must have to do before a second one is asked for so much."""


def seconds(*words: str) -> float:
    """How long a command takes. Raises CalledProcessError if it fails."""
    start = time.perf_counter()
    subprocess.run([*WARGAME, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def batch(scenario: str, runs: int, jobs: int, *more: str) -> float:
    """How long a batch takes, in a folder of its own that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out")
        words = ["--runs", str(runs), "--jobs", str(jobs), "--out", out, *more]
        return seconds("batch", scenario, *words)


def one_and_two(scenario: str, runs: int, rounds: int) -> None:
    """One process and two on the same runs, in turns."""
    ones, twos = [], []
    for _ in range(rounds):
        ones.append(batch(scenario, runs, 1))
        twos.append(batch(scenario, runs, 2))
    ratios = [one / two for one, two in zip(ones, twos, strict=True)]
    found, each = statistics.median(ratios), ", ".join(f"{ratio:.2f}" for ratio in ratios)
    verdict = f"; at least {WANTED}: {'met' if found >= WANTED else 'MISSED'}"
    print(
        f"{runs:>9,} runs: one process {statistics.median(ones):6.1f} s, "
        f"two {statistics.median(twos):6.1f} s: {found:.2f} x ({each})"
        + verdict
        * (statistics.median(ones) >= LONG),
        flush=True,
    )


def fits(scenario: str, policy: str) -> bool:
    """Whether a policy is written for this scenario."""
    try:
        load(scenario, [policy])
    except SpecError:
        return False
    return True


def every_policy(scenario: str, runs: int) -> None:
    """All shipped policies at once, and the report about them."""
    policies = [name for name, _, _ in list_available("policy") if fits(scenario, name)]
    with tempfile.TemporaryDirectory() as folder:
        out, page = str(Path(folder) / "out"), str(Path(folder) / "report.html")
        named = [word for name in policies for word in ("--policy", name)]
        played = seconds("batch", scenario, "--runs", str(runs), "--out", out, *named)
        told = seconds("report", out, "-o", page)
    print(
        f"{runs:>9,} runs of {len(policies) + 1} variants: {played:.1f} s, report {told:.1f} s",
        flush=True,
    )


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", default="kherson-2022")
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 10_000, 40_000, 120_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--policies", action="store_true", help="every policy, and the report")
    options = parser.parse_args()
    batch(options.scenario, 100, 1)  # what is read and compiled is kept from here on
    for runs in options.runs:
        one_and_two(options.scenario, runs, options.rounds)
    if options.policies:
        every_policy(options.scenario, 10_000)


if __name__ == "__main__":
    main()
