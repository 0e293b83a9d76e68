"""Check this installation on this machine: exact cases, digests, replays, our own intervals.

Takes well under two minutes. Exits with 1 if anything is not as it should be.
"""

from __future__ import annotations

import argparse

from wargame.cli.shared.options import add_jobs, add_telling, jobs_of
from wargame.cli.shared.terminal import print_json

EXAMPLES = """examples:
  wargame selftest
  wargame selftest --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame selftest``."""
    add_jobs(parser)
    add_telling(parser)


def run(args: argparse.Namespace) -> int:
    """Do every check; 1 if one fails."""
    from wargame.analysis.validation.selftest import selftest
    from wargame.statistics.result import say

    jobs = jobs_of(args)
    if args.json:
        found = selftest(jobs)
        passed = all(check.passed for check in found)
        data = {"schema": 1, "passed": passed, "checks": [check.to_json() for check in found]}
        print_json(data)
        return 0 if passed else 1
    found = selftest(jobs, on_check=lambda check: print(check.words(args.lang), flush=True))
    failed = sum(not check.passed for check in found)
    seconds = sum(check.seconds for check in found)
    print(
        say(
            args.lang,
            en=f"{len(found) - failed} of {len(found)} checks passed in {seconds:.0f} s",
            ja=f"{len(found)}項目中{len(found) - failed}項目が合格（{seconds:.0f}秒）",
        )
    )
    return 1 if failed else 0
