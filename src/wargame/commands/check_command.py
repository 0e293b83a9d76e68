"""Look for mistakes in YAML files: every fault of every file, with file, line and column.

Without files, everything that can be found by name is checked. Beside faults it names oddities:
rules that can never fire, moves that can never be made, endings that can never be reached.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from wargame.commands.options import add_json
from wargame.commands.terminal import print_json
from wargame.english import counted

EXAMPLES = """examples:
  wargame check
  wargame check actors/russia.yaml scenarios/my-crisis.yaml
  wargame check --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame check``."""
    parser.add_argument(
        "files", nargs="*", help="YAML files (default: all that ship or stand here)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Check, and say what was found; 2 if there are faults."""
    from wargame.checking import check_everything, check_files
    from wargame.experiment.data import data_files
    from wargame.experiment.kinds import KINDS

    readers = {kind.key: kind.load for kind in KINDS.values()}
    if args.files:
        findings = check_files([Path(file) for file in args.files], readers)
    else:
        files = [path for kind in KINDS.values() for path in data_files(kind.folder).values()]
        findings = check_everything(files, readers)
    faults, warnings = findings.faults, findings.warnings
    if args.json:

        def rows(items: tuple[Any, ...]) -> list[dict[str, Any]]:
            return [
                {
                    "message": item.message,
                    "hint": item.hint,
                    "file": item.at.file if item.at else None,
                    "line": item.at.line if item.at else None,
                    "column": item.at.column if item.at else None,
                }
                for item in items
            ]

        data = {"checked": findings.checked, "faults": rows(faults), "warnings": rows(warnings)}
        print_json(data)
    else:
        for fault in faults:
            print(fault)
        for warning in warnings:
            print(f"{warning} [odd, but allowed]")
        print(
            f"checked {findings.checked}: "
            f"{counted(len(faults), 'fault')}, {counted(len(warnings), 'oddity', 'oddities')}"
        )
    return 2 if faults else 0
