"""Write the fits in docs/worldviews.md anew from scenarios/worldviews: run it after a calibration.

Only what stands between the marks changes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "worldviews.md"
FOLDER = ROOT / "scenarios" / "worldviews"
MARKS = re.compile(r"(<!-- fits -->\n).*?(\n<!-- end -->)", re.DOTALL)
ORDER = (
    "forecasters",
    "tegmark",
    "samotsvety",
    "metaculus",
    "swift-centre",
    "officials-2022",
    "restraint",
)


def main() -> None:
    """Fill in what stands between the marks."""
    text, count = MARKS.subn(
        lambda mark: mark[1] + "\n\n".join(map(section, ORDER)) + mark[2],
        PAGE.read_text(encoding="utf-8"),
    )
    if count != 1:
        raise SystemExit(f"{PAGE.name} has {count} places marked")
    PAGE.write_text(text, encoding="utf-8")


def section(name: str) -> str:
    """What one calibration found: the fits, what moved, what else fits."""
    found = json.loads((FOLDER / f"{name}.fits.json").read_text(encoding="utf-8"))
    moved = "; ".join(map(moving, found["moved"])) or "nothing"
    others = f"{len(found['settings'])} of {found['settings_tried']}"
    return (
        f"`{name}`, on `{found['scenario']}`\n\n```text\n" + "\n".join(fits(name)) + "\n```\n\n"
        f"Moved: {moved}. Other settings that fit: {others}."
    )


def fits(name: str) -> list[str]:
    """The targets as the head of the worldview tells them."""
    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    head = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    first = next(i for i, line in enumerate(head) if "never saw" in line) + 1
    return head[first:-1]


def moving(dial: dict[str, Any]) -> str:
    """`russia.resolve 0..1000 (likely 350) -> 154..354 (likely 224)`."""
    was, now = dial["was"], dial["now"]
    if "factor" in now:
        return f"{dial['name']} x {now['factor'] / 1000:.2f}"

    def ends(belief: dict[str, Any]) -> str:
        low, high = belief["between"]
        return f"{low}..{high} (likely {belief['likely']})"

    return f"{dial['name']} {ends(was)} -> {ends(now)}"


if __name__ == "__main__":
    main()
