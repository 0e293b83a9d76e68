"""Write the tables of docs/believable.md anew: `python tools/believable_page.py`, some minutes.

Only what stands between the marks changes. The prose is written by hand: read it again afterwards.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from wargame.analysis.expect import Expectations
from wargame.analysis.validation.base_rates import BaseRates
from wargame.analysis.validation.evidence import Evidence, gather
from wargame.analysis.validation.ledger import KINDS, Ledger
from wargame.analysis.validation.patterns import Patterns
from wargame.show.documents.believable import in_short
from wargame.statistics.result import signed, whole

PAGE = Path(__file__).resolve().parent.parent / "docs" / "believable.md"
SCENARIO, WORLDVIEW = "kherson-2022", "forecasters"
RUNS, CLOSELY = 5000, 1000
ROWS = 15  # of the ledger
NAMES = ("made", "short", "patterns", "rates", "ledger", "expectations")


def main() -> None:
    """Play, and fill in what stands between the marks."""
    text = PAGE.read_text(encoding="utf-8")
    for name in NAMES:
        filled(text, name, "")  # what cannot be filled in is told before anything is played
    found = gather(SCENARIO, WORLDVIEW, RUNS, closely=CLOSELY, jobs=os.cpu_count() or 1)
    for name, new in tables(found).items():
        text = filled(text, name, new)
    PAGE.write_text(text, encoding="utf-8")


def tables(found: Evidence) -> dict[str, str]:
    """What stands between the marks, by name."""
    assert found.ledger and found.patterns and found.base_rates and found.expectations
    stale = any(fit["stale"] for fit in found.fits.values())
    made = (
        f"Made with {whole(found.runs)} runs of each question, {whole(found.ledger.pairs)} behind "
        f"each row of the ledger, seed {found.seed}, scenario digest `{found.digest[:16]}`, "
        f"worldview `{found.worldview}`"
        + (" (calibrated before the scenario last changed)." if stale else ".")
    )
    parts = (
        made,
        "```text\n" + "\n".join(in_short(found)) + "\n```",
        patterns(found.patterns),
        rates(found.base_rates),
        ledger(found.ledger),
        expectations(found.expectations),
    )
    return dict(zip(NAMES, parts, strict=True))


def patterns(found: Patterns) -> str:
    """A row for each pattern."""
    shows = {True: "yes", False: "**no**", None: ""}
    head = ("pattern", "asked", "found", "", "real autumn", "without rules")
    return table(
        head,
        (
            (
                one.title["en"],
                one.asked(),
                one.value(),
                "passes" if one.passed else "**fails**",
                shows[one.history],
                one.value(found=one.ruleless),
            )
            for one in found
        ),
    )


def rates(found: BaseRates) -> str:
    """A row for each figure that is reported, and one for each rate without any."""
    rows = []
    for rate in found:
        names = (rate.title["en"], rate.words())
        for gap in rate.gaps:
            rows.append((*names, gap.reported.source["en"], gap.reported.words(), gap.words()))
            names = ("", "")  # told once
        if not rate.gaps:
            rows.append((*names, "", "", ""))
    return table(("", "model", "source", "reported", "gap in points"), rows)


def ledger(found: Ledger) -> str:
    """The rows on which most depends."""
    rows = []
    for row in found.that("measured")[:ROWS]:
        one = row.dependence
        assert one is not None
        rows.append(
            (
                row.title["en"] + (f" (`{one.part}`)" if one.part else ""),
                KINDS[row.kind][0],
                f"`{row.file}:{row.line}`",
                one.outcome,
                "–" if one.less is None else signed(one.less[0]),
                "–" if one.more is None else signed(one.more[0]),
                "" if one.resolved else "not resolved",
            )
        )
    return table(("what is turned", "kind", "where", "outcome", "down", "up", ""), rows)


def expectations(found: Expectations) -> str:
    """A row for each answer, and the directions that do not hold."""
    rows = []
    for answer in ("fails", "unresolved"):
        for one in found:
            rows += [
                (one.policy, p.name, p.expected, signed(p.found.verdict.difference, 2), answer)
                for p in one.predictions
                if p.answer == answer
            ]
    counts = f"{found.directions_that('holds')} directions hold at {whole(found.n)} pairs of runs."
    if not rows:
        return counts
    return f"{counts} These do not:\n\n" + table(
        ("policy", "outcome", "expected", "points", ""), rows
    )


def filled(text: str, name: str, new: str) -> str:
    """`text` with what stands between the marks `name` replaced."""
    mark = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
    text, count = mark.subn(lambda m: m[1] + new + m[2], text)
    if count != 1:
        raise SystemExit(f"{PAGE.name} has {count} places marked {name}")
    return text


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines
    )


if __name__ == "__main__":
    main()
