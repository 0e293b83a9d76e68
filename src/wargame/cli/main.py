"""The command line: parses, calls, prints. Each command is one small module below `cli`.

Only the module of the command that was asked for is imported, so that help and mistakes answer
at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from wargame import __version__
from wargame.boundary import interrupts
from wargame.boundary.files import nowhere
from wargame.cli.shared import console
from wargame.cli.shared.outputs import check_out
from wargame.errors import WargameError, no_such

FOLDERS = {
    "runs": {
        "run": "play one run and tell it turn by turn",
        "replay": "step through a run, with every actor's reasons",
        "export": "write a run as one HTML file for a class",
        "verify": "re-simulate turn logs and say whether they are what they say",
        "odds": "the odds after every turn, and the moves that changed them",
        "fork": "play one turn of a run otherwise, and see what follows",
        "gallery": "pick the telling runs of a batch",
    },
    "studies": {
        "batch": "play many runs and count how they end",
        "compare": "compare policies, folders and seeds; tell why a pair of runs went apart",
        "expect": "test what each policy says of its own effect",
        "rare": "estimate an ending too rare to be counted",
        "sensitivity": "find which assumptions and unknowns drive the endings",
        "report": "write the report of a batch as one HTML file",
        "calibrate": "move beliefs until the model agrees with a forecaster",
        "robust": "which conclusions about policies hold under all worldviews",
        "backtest": "score the model's odds for what was really done, week by week",
        "believable": "write the page of all that speaks for and against the model",
    },
    "room": {
        "seminar": "lead a game: people take seats in their browsers",
        "kit": "write a scenario's role packets, guide and cards for a course",
    },
    "content": {
        "odd": "write the ODD protocol of a scenario",
        "selftest": "check this installation on this machine",
        "list": "show the scenarios, actors, policies and worldviews there are",
        "check": "look for mistakes in YAML files",
        "schema": "print the JSON Schema that lets an editor complete the YAML",
        "program": "print a scenario as the tables and steps that the machine plays",
    },
}
"""The commands by the folder of their modules, with a summary each."""

COMMANDS = {name: summary for folder in FOLDERS.values() for name, summary in folder.items()}

EPILOG = """examples:
  wargame run kherson-2022 --run 7
  wargame replay autumn-2022
  wargame batch kherson-2022 --runs 10000
  wargame list policies
  wargame check actors/russia.yaml scenarios/my-crisis.yaml

Shares are shares of model runs, never probabilities of war."""

BROKEN_PIPE = 141  # 128 + the signal's number, as shells have it


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns the exit code: 0; 1 or 3 where a command says so; 2 for a mistake, told in one line; 130
    for Ctrl-C; 141 if nobody reads the output any more.
    """
    # The engine's matrices are small: a second BLAS thread would only get in the way of the
    # other processes. It must be said before NumPy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    console.prepare()
    with interrupts.taken():
        try:
            code = _run(list(sys.argv[1:] if argv is None else argv))
            sys.stdout.flush()
            console.tell_escapes()
            return code
        except KeyboardInterrupt as stop:
            return _interrupted(*stop.args)
        except Exception as error:
            # Of a Ctrl-C, too, a library may have made an error.
            return _interrupted() if interrupts.came() else _failed(error)


def _interrupted(*more: object) -> int:
    interrupts.ignore()
    print("; ".join(("wargame: interrupted", *map(str, more))), file=sys.stderr)
    return interrupts.INTERRUPTED


def _failed(error: Exception) -> int:
    """Tell a fault in one line; one that nobody can put right is raised again."""
    match error:
        case WargameError():
            print(f"wargame: {error}", file=sys.stderr)
            console.tell_escapes()
            return error.exit_code
        case BrokenPipeError():
            _no_more_output()
            return BROKEN_PIPE
        case OSError():
            print(f"wargame: {error.strerror or error}", file=sys.stderr)
            _no_more_output()
            return WargameError.exit_code
    raise error


class _Parser(argparse.ArgumentParser):
    """Tells a mistake in one line, as everything else here does."""

    def error(self, message: str) -> NoReturn:
        self.exit(WargameError.exit_code, f"{self.prog}: {message} (see {self.prog} --help)\n")


class _Version(argparse.Action):
    """Finds out who plays only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from wargame.backends.levels import machine

        parser.exit(0, f"wargame {__version__}, player: {machine()}\n")


def _no_more_output() -> None:
    """Point stdout elsewhere: what it still holds cannot be written, and the exit stays quiet."""
    with nowhere() as void:
        os.dup2(void.fileno(), sys.stdout.fileno())


def _run(argv: list[str]) -> int:
    name = next((word for word in argv if not word.startswith("-")), "")
    if name and argv[0] == name and name not in COMMANDS:
        raise WargameError(no_such("command", name, COMMANDS))
    parser = _parser(name)
    if not argv:
        parser.print_help()
        return 0
    args, rest = parser.parse_known_args(argv)
    if rest:
        known = re.findall(
            r"(?<!\S)--[a-z][a-z-]*", args.parser.format_help().partition("examples:")[0]
        )
        what = "option" if rest[0].startswith("-") else "place for"
        args.parser.error(no_such(what, rest[0], dict.fromkeys(known) if what == "option" else ()))
    check_out(args)
    args.words = argv
    code: int = args.function(args)
    return code


def command_module(name: str) -> ModuleType:
    """The module of a command; it is imported only when it is asked for."""
    folder = next(folder for folder, commands in FOLDERS.items() if name in commands)
    return import_module(f"wargame.cli.{folder}.{name}")


def _parser(asked: str) -> argparse.ArgumentParser:
    """The parser, with the options of the command that was asked for."""
    parser = _Parser(
        prog="wargame",
        description="A simulator of the autumn-2022 nuclear crisis over Ukraine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="which program, and who plays")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        if name == asked:
            module = command_module(name)
            command = commands.add_parser(
                name,
                help=summary,
                description=module.__doc__,
                epilog=module.EXAMPLES,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            module.add_arguments(command)
            command.set_defaults(function=module.run, command=name, parser=command)
        else:
            commands.add_parser(name, help=summary, add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
