"""Write a run as one HTML file that opens anywhere: offline, without a server, from a USB stick.

The file holds every turn through every lens, in English and Japanese.
"""

from __future__ import annotations

import argparse

from wargame.boundary.files import write_text
from wargame.cli.runs.replay import add_run, outlook
from wargame.cli.shared.outputs import add_out, replaces
from wargame.cli.shared.terminal import caution

EXAMPLES = """examples:
  wargame export seven.jsonl -o replay.html
  wargame export runs/kherson-2022#4711 -o replay.html --odds 300 --jobs 2
  wargame export autumn-2022 -o autumn.html --predict --lang ja"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame export``."""
    add_run(parser)
    add_out(
        parser,
        "FILE",
        "the file, as replay.html",
        "--output",
        required=True,
        writes=replaces(".html"),
    )


def run(args: argparse.Namespace) -> int:
    """Write the page."""
    from wargame.batches.open_run import read_playthrough
    from wargame.show.replay_page.page import export

    replay = read_playthrough(args.run)
    caution(replay, args.lang)
    text = export(replay, outlook(args, replay), args.lang, args.predict)
    write_text(args.out, text)
    print(f"{args.out}: {len(text.encode()) // 1000:,} kB")
    return 0
