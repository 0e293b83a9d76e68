"""Write the report of a batch: one HTML file that needs nothing else, in English and Japanese.

Further folders are the same policies under other worldviews; they add a table and the regrets.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

EXAMPLES = """examples:
  wargame report runs/kherson-2022-0001
  wargame report runs/mine runs/mine-under-tegmark --out report.html --lang ja"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame report``."""
    parser.add_argument("folder", metavar="DIR", help="folder of a batch")
    parser.add_argument(
        "others", nargs="*", metavar="DIR", help="the same policies under other worldviews"
    )
    parser.add_argument("--out", metavar="FILE", help="the file (default: report.html in DIR)")
    parser.add_argument(
        "--lang", choices=("en", "ja"), default="en", help="language that it opens in"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )


def run(args: argparse.Namespace) -> int:
    """Write it and say where it is."""
    from wargame.show.report import write_report

    path = write_report(
        Path(args.folder),
        [Path(other) for other in args.others],
        args.lang,
        Path(args.out) if args.out else None,
    )
    if args.json:
        size = path.stat().st_size
        json.dump({"schema": 1, "report": str(path), "bytes": size}, sys.stdout, ensure_ascii=False)
        print()
    else:
        print(path)
    return 0
