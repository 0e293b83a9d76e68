"""How long, and in how much memory, hostile files and rules are refused.

    python benchmarks/hostile.py [--json]

Every text of the tests of bad YAML and bad rules, and the floods below, is read in a fresh
reader; shown are the slowest and the largest. What is wanted: under 0.2 s and 100 MB each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

from wargame.compiler import compile_scenario
from wargame.content.load import load_texts
from wargame.content.reader import MAX_BYTES, MAX_LINE, read_yaml
from wargame.errors import SpecError
from wargame.expression import parse

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
test_bad_rules = import_module("test_bad_rules")
test_bad_yaml = import_module("test_bad_yaml")

SECONDS, MEGABYTES = 0.2, 100.0
ROUNDS = 3  # the quickest counts: what else the machine does is not the reader's fault
SHOWN = 8

LINE = test_bad_yaml.HEAD
FLOODS = {
    "open brackets": "[" * MAX_LINE,
    "open braces": "{a: " * 2_000,
    "open parentheses": "a: [" + "(a," * 3_000,
    "closed parentheses": "a: [" + "(a," * 1_500 + "a)" * 1_500 + "]",
    "parentheses on every line": "a: [\n" + ("(a," * 3_000 + "\n") * 25,
    "many keys": "".join(f"k{i}: 1\n" for i in range(50_000)),
    "many lines": "- 1\n" * (MAX_BYTES // 4),
    "deep block": "".join(" " * i + "a:\n" for i in range(400)),
    "many anchors": "".join(f"k{i}: &a{i} 1\n" for i in range(20_000)),
    "one long word": "a: " + "x" * (MAX_BYTES - 10),
    "too large": "a" * (MAX_BYTES + 1),
}
GAUGES = {
    "a thousand faults": LINE
    + "gauges:\n"
    + "".join(f"  g{i}: {{stort: 1}}\n" for i in range(1000)),
    "a ring of derived": LINE
    + "derived:\n"
    + "".join(f"  d{i}: d{(i + 1) % 300} + 1\n" for i in range(300)),
    "a tower of derived": LINE
    + "derived:\n  d0: 1000\n"
    + "".join(f"  d{i + 1}: d{i} * d{i}\n" for i in range(100)),
}


@dataclass(frozen=True)
class Refusal:
    """One text, and what it took to refuse it (or to read it, where it is harmless)."""

    what: str
    seconds: float
    megabytes: float
    refused: bool


def compiled(text: str) -> None:
    """Read a scenario and make it ready to play."""
    compile_scenario(load_texts({"scenario.yaml": text}))


def texts() -> Iterator[tuple[str, Callable[[], object]]]:
    """What is read, by name."""
    for text, *_ in test_bad_rules.REFUSED:
        yield f"rule {text[:40]!r}", partial(parse, text)
    for what, text, *_ in test_bad_yaml.NOT_ACCEPTABLE:
        yield f"YAML, {what}", partial(read_yaml, text, "x.yaml")
    for what, text in FLOODS.items():
        yield f"flood, {what}", partial(read_yaml, text, "x.yaml")
    for what, text in GAUGES.items():
        yield f"scenario, {what}", partial(compiled, text)


def measure(what: str, work: Callable[[], object]) -> Refusal:
    """Time and peak memory of one refusal."""
    refused = False
    quickest = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        try:
            work()
        except SpecError:
            refused = True
        quickest = min(quickest, time.process_time() - start)
    tracemalloc.start()
    with contextlib.suppress(SpecError):
        work()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return Refusal(what, quickest, peak, refused)


def main() -> None:
    """Measure, print; exit code 1 if one is too slow or too large."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    options = parser.parse_args()
    found = sorted((measure(*text) for text in texts()), key=lambda r: -r.seconds)
    missed = [r for r in found if r.seconds > SECONDS or r.megabytes > MEGABYTES]
    if options.json:
        print(json.dumps({"refusals": [asdict(r) for r in found]}))
    else:
        print(f"{len(found)} texts; the slowest of them:")
        for r in found[:SHOWN]:
            verdict = "MISSED" if r in missed else "met"
            word = "refused" if r.refused else "read"
            print(f"  {r.what:50.50} {r.seconds:7.3f} s {r.megabytes:7.1f} MB  {word:8} {verdict}")
        read = [r.what for r in found if not r.refused]
        print(f"read, since nothing is wrong with them: {', '.join(read) or 'none'}")
        print(f"most memory: {max(r.megabytes for r in found):.1f} MB")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
