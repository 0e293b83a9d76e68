"""Write the report of a batch: one HTML file that needs nothing else, in English and Japanese.

Further folders are the same policies under other worldviews; they add a table and the regrets.
"""

from __future__ import annotations

import argparse

from wargame.cli.shared.options import add_telling
from wargame.cli.shared.outputs import add_out, replaces
from wargame.cli.shared.terminal import print_json

EXAMPLES = """examples:
  wargame report runs/kherson-2022-0001
  wargame report runs/mine runs/mine-under-tegmark --out report.html --lang ja"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame report``."""
    parser.add_argument("folder", metavar="DIR", help="folder of a batch")
    parser.add_argument(
        "others", nargs="*", metavar="DIR", help="the same policies under other worldviews"
    )
    add_out(parser, "FILE", "the file (default: report.html in DIR)", writes=replaces(".html"))
    add_telling(parser, "language that it opens in")


def run(args: argparse.Namespace) -> int:
    """Write it and say where it is."""
    from wargame.show.documents.report import write_report

    path = write_report(
        args.folder,
        args.others,
        args.lang,
        args.out,
    )
    if args.json:
        size = path.stat().st_size
        print_json({"schema": 1, "report": str(path), "bytes": size})
    else:
        print(path)
    return 0
