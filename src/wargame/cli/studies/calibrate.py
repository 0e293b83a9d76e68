"""Move what is believed, as little as possible, until the model agrees with a forecaster.

Writes a worldview, and beside it a report (NAME.fits.json) with other settings that fit as well.
The batch that judges has luck of its own, which the search never saw.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from wargame.cli.shared.options import add_cluster, add_jobs, add_telling
from wargame.cli.shared.outputs import add_out, replaces
from wargame.cli.shared.studies import add_resume, study_of
from wargame.cli.shared.terminal import Meter, print_json
from wargame.errors import WargameError

EXAMPLES = """examples:
  wargame calibrate bridge-2022 --targets tegmark -o tegmark.yaml
  wargame calibrate kherson-2022 --targets my-targets.yaml -o mine.yaml --dial russia.resolve
  wargame batch bridge-2022 --worldview tegmark.yaml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame calibrate``."""
    parser.add_argument("scenario", help="a scenario's name or path")
    parser.add_argument(
        "--targets", required=True, metavar="T", help="a targets file: its name or path"
    )
    add_out(parser, "FILE", "the worldview to write (.yaml)", required=True, writes=_worldview)
    parser.add_argument(
        "--dial",
        action="append",
        default=[],
        metavar="D",
        help="turn this, not what the targets name: an unknown, actor/rule/move, move/ID or"
        " chance/ID; repeat",
    )
    parser.add_argument(
        "--runs", type=int, default=50_000, metavar="N", help="runs of the batch that judges"
    )
    parser.add_argument("--seed", type=int, default=2022, metavar="S", help="names the luck")
    parser.add_argument(
        "--budget", type=int, default=40_000, metavar="B", help="runs of the search"
    )
    parser.add_argument(
        "--settings", type=int, default=10, metavar="K", help="other settings to look for"
    )
    add_jobs(parser)
    add_cluster(parser)
    add_resume(parser)
    add_telling(parser)


def run(args: argparse.Namespace) -> int:
    """Calibrate; 1 if a target is not met."""
    from wargame.analysis.calibration.calibrate import calibrate, command_for, save

    path = args.out
    meter = Meter("calibrating")

    def tell(what: str, done: int, total: int) -> None:
        meter.what = what
        meter.show(done, total)

    with study_of(args) as study:
        result = calibrate(
            args.scenario,
            args.targets,
            name=path.stem,
            dials=args.dial,
            runs=args.runs,
            seed=args.seed,
            budget=args.budget,
            settings=args.settings,
            jobs=study,
            command=command_for(_words(args)),
            on_progress=tell,
        )
    meter.clear()
    beside = save(result, path)
    if args.json:
        print_json(result.to_json())
    else:
        print(result.words(args.lang))
        print(f"{path}, {beside}")
    return 0 if result.met else 1


def _worldview(out: Path, inputs: Iterable[Path]) -> None:
    """A worldview and its report; an older one is replaced, a file from another hand is not."""
    from wargame.analysis.calibration.calibrate import MADE

    if out.suffix != ".yaml":
        raise WargameError(f"the worldview is a YAML file: name one that ends in .yaml, not {out}")
    replaces(".yaml", begins=f"# {MADE}")(out, inputs)
    replaces(".json")(out.with_suffix(".fits.json"), inputs)


def _words(args: argparse.Namespace) -> list[str]:
    """The command again, with every number that its result depends on."""
    dials = [word for dial in args.dial for word in ("--dial", dial)]
    numbers = ("runs", "seed", "budget", "settings")
    rest = [word for name in numbers for word in (f"--{name}", str(getattr(args, name)))]
    return [
        "calibrate",
        args.scenario,
        "--targets",
        args.targets,
        "-o",
        str(args.out),
        *dials,
        *rest,
    ]
