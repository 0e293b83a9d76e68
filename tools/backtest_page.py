"""Write the numbers of docs/backtest.md anew: `python tools/backtest_page.py`, about two minutes.

Only what stands between the marks changes. The prose is written by hand: read it again afterwards.
"""

from __future__ import annotations

import re
from pathlib import Path

from wargame.analysis.validation.backtest import ALL, Backtest, Part, backtest
from wargame.analysis.validation.foresight import RULES
from wargame.cli.studies.backtest import told

PAGE = Path(__file__).resolve().parent.parent / "docs" / "backtest.md"
ACTORS = ("russia", "ukraine", "usa", "nato", "china", "india")
WORLDVIEW = "forecasters"
SMOOTHINGS = (0.02, 0.05, 0.1, 0.2, 0.3)
WORLDVIEWS = (
    "forecasters",
    "tegmark",
    "samotsvety",
    "metaculus",
    "swift-centre",
    "officials-2022",
    "restraint",
)
HEAD = ("bits, best guess", "skill", "beats all three")


def main() -> None:
    """Play, and fill in what stands between the marks."""
    found = backtest(worldview=WORLDVIEW, actors=ACTORS)
    text = PAGE.read_text(encoding="utf-8")
    text = filled(text, "results", "```text\n" + "\n".join(told(found)) + "\n```")
    smoothed = {
        f"{s:g}": backtest(worldview=WORLDVIEW, actors=ACTORS, smoothing=s) for s in SMOOTHINGS
    }
    text = filled(text, "smoothing", table("smoothing", smoothed))
    believed = {"as written": backtest(actors=ACTORS)}
    believed |= {name: backtest(worldview=name, actors=ACTORS) for name in WORLDVIEWS}
    text = filled(text, "worldviews", table("worldview", believed))
    PAGE.write_text(text, encoding="utf-8")


def filled(text: str, name: str, new: str) -> str:
    """`text` with what stands between the marks `name` replaced."""
    mark = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
    text, count = mark.subn(lambda m: m[1] + new + m[2], text)
    if count != 1:
        raise SystemExit(f"{PAGE.name} has {count} places marked {name}")
    return text


def table(what: str, found: dict[str, Backtest]) -> str:
    """One line for each backtest: the weeks adjusted on, then those held out."""
    head = [what, *HEAD, *(f"held out: {cell}" for cell in HEAD)]
    rows = [head, ["---"] * len(head)]
    for name, one in found.items():
        rows.append([name, *(cell for part in one.parts for cell in cells(part))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells(part: Part) -> tuple[str, ...]:
    """What all actors together come to."""
    row = part[ALL]
    return (
        f"{row.bits[RULES]:.2f}, {row.bits[row.best]:.2f} ({row.best})",
        row.gains[row.best].words(),
        f"{len(part.beaten)} of {len(part.rows) - 1}",
    )


if __name__ == "__main__":
    main()
