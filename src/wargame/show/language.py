"""The program's own words in the reader's language; what the content says stays in the YAML.

English sentences are the keys. Japanese comes from ``locale/ja/LC_MESSAGES/wargame.po``, compiled
with Babel to the ``.mo`` beside it.
"""

from __future__ import annotations

import datetime
import gettext
from collections.abc import Callable
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "ja")
LOCALE = Path(__file__).parent.parent / "locale"

_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_DAYS = {"hour": 0, "day": 1, "week": 7}


@cache
def words(lang: str) -> Callable[[str], str]:
    """The function that says an English sentence in `lang`; English for an unknown language."""
    return gettext.translation("wargame", LOCALE, languages=[lang], fallback=True).gettext


def sentence(text: str, lang: str = "en") -> str:
    """`text` as a sentence: a capital first, a full stop last."""
    text = " ".join(text.split())
    if not text:
        return ""
    stop = "。" if lang == "ja" else "."
    whole = text[0].upper() + text[1:]
    return whole if whole[-1] in ".!?。！？" else whole + stop


def day(date: datetime.date, lang: str) -> str:
    """A date as people write it: ``5 September 2022``, ``2022年9月5日``."""
    if lang == "ja":
        return f"{date.year}年{date.month}月{date.day}日"
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def begins(start: str, length: str, turn: int) -> datetime.date | None:
    """The day on which a turn begins, or None where the scenario has no calendar.

    start: ISO date of turn 1, or "". length: as in the YAML, "1 week".
    """
    if not start:
        return None
    first = datetime.date.fromisoformat(start)
    count, unit = length.split()
    steps = int(count) * (turn - 1)
    unit = unit.removesuffix("s")
    if unit in _DAYS:
        return first + datetime.timedelta(days=_DAYS[unit] * steps)
    months = first.month - 1 + steps * (12 if unit == "year" else 1 if unit == "month" else 0)
    if unit not in ("month", "year"):
        return None
    return datetime.date(first.year + months // 12, months % 12 + 1, min(first.day, 28))
