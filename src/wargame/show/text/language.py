"""The program's own words in the reader's language; what the content says stays in the YAML.

English sentences are the keys. Japanese comes from ``locale/ja/LC_MESSAGES/wargame.po``, compiled
with Babel to the ``.mo`` beside it (`make words`).
"""

from __future__ import annotations

import datetime
import gettext
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from wargame.content.spec import Text

LANGUAGES = ("en", "ja")
LOCALE = Path(__file__).parents[1] / "locale"

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_STEPS = {unit: datetime.timedelta(**{f"{unit}s": 1}) for unit in ("hour", "day", "week")}

# Kana, Chinese characters, their punctuation and full-width forms: they take no space between.
_WIDE = r"[\u3000-\u30ff\u31f0-\u31ff\u3400-\u9fff\uff01-\uff9f]"
_FOLD = re.compile(rf"(?<={_WIDE})\s+|\s+(?={_WIDE})")
_BRACKET = re.compile(r"(?P<before>\S) \((?P<inner>[^()]*)\)")
_INNER = str.maketrans("「」", "『』")
_ARTICLE = re.compile(r"(United|Soviet|European|African) ")


# Dates as sources give them: a span within a year, days of a month, a month; then what joins two.
_MONTH = "(" + "|".join(_MONTHS) + ")"
_SPAN = re.compile(rf"\b(\d{{1,2}}) {_MONTH} to (\d{{1,2}}) {_MONTH} (\d{{4}})\b")
_DAY = re.compile(rf"\b(\d{{1,2}}(?:(?:,| and| to) \d{{1,2}})*) {_MONTH}(?: (\d{{4}}))?\b")
_MONTH_OF = re.compile(rf"{_MONTH} (\d{{4}})\b")
_TO, _AND = (re.compile(rf"(?<=[日月]){joint}(?=\d)") for joint in (" to ", "(?:, | and |, and )"))


@cache
def words(lang: str) -> Callable[[str], str]:
    """The function that says an English sentence in `lang`; English for an unknown language."""
    return gettext.translation("wargame", LOCALE, languages=[lang], fallback=True).gettext


def joined(text: str) -> str:
    """`text` on one line; where YAML folded Japanese lines, no space is left behind."""
    return _FOLD.sub("", " ".join(text.split()))


def read(text: Text | None, lang: str, otherwise: str = "") -> str:
    """A text of the content in `lang`, on one line."""
    return joined(text.get(lang)) if text else otherwise


def sentence(text: str, lang: str = "en") -> str:
    """`text` as a sentence: a capital first, a full stop last."""
    text = joined(text)
    if not text:
        return ""
    stop = "。" if lang == "ja" else "."
    whole = text[0].upper() + text[1:]
    return whole if whole[-1] in ".!?。！？" else whole + stop


def quoted(text: str, lang: str) -> str:
    """What somebody says or thinks, in quotation marks."""
    if not text:
        return ""
    if lang == "ja":
        return f"「{text.translate(_INNER).removesuffix('。')}」"
    return '"' + text.replace('"', "'") + '"'


def cited(source: str, lang: str) -> str:
    """A source, with its dates and the notes that many share in the reader's language."""
    say = words(lang)
    notes = {
        "weights are an assumption": say("weights are an assumption"),
        "rate is an assumption": say("rate is an assumption"),
        "size is an assumption": say("size is an assumption"),
        "weight is an assumption": say("weight is an assumption"),
        "the weight is an assumption": say("the weight is an assumption"),
        "values are an assumption": say("values are an assumption"),
        "magnitudes: assumption": say("magnitudes: assumption"),
        "the value is an assumption": say("the value is an assumption"),
        "the threshold is an assumption": say("the threshold is an assumption"),
        "calibrated, see the head of this file": say("calibrated, see the head of this file"),
        "assumption": say("assumption"),
        "general knowledge": say("general knowledge"),
    }
    parts = []
    for part in source.split("; "):
        note = next((note for note in notes if part == note or part.startswith(f"{note} (")), "")
        parts.append(notes[note] + part.removeprefix(note) if note else part)
    told = say("; ").join(parts)
    if lang != "ja":
        return told
    for note, known in notes.items():
        told = told.replace(f"({note})", f"({known})")
    return _BRACKET.sub(_bracketed, dated(told))


def dated(text: str) -> str:
    """English dates and spans of days or months within `text`, as Japanese has them."""
    text = _SPAN.sub(lambda m: f"{m[5]}年{_month(m[2])}{m[1]}日～{_month(m[4])}{m[3]}日", text)
    text = _DAY.sub(_days, text)
    text = _MONTH_OF.sub(lambda m: f"{m[2]}年{_month(m[1])}", text)
    return _AND.sub("、", _TO.sub("～", text))


def _days(found: re.Match[str]) -> str:
    """``12 and 13 October 2022`` as ``2022年10月12、13日``."""
    days, month, year = found.groups()
    days = days.replace(" to ", "～").replace(" and ", "、").replace(", ", "、")
    return (f"{year}年" if year else "") + f"{_month(month)}{days}日"


def _month(name: str) -> str:
    return f"{_MONTHS.index(name) + 1}月"


def _bracketed(found: re.Match[str]) -> str:
    """Japanese brackets around what holds Japanese or stands behind it, others as they are."""
    inner = found["inner"]
    wide = re.search(_WIDE, found["before"] + inner)
    return f"{found['before']}（{inner}）" if wide else found[0]


def paragraph(sentences: Sequence[str], lang: str) -> str:
    """Sentences one after another; Japanese sets no space between them."""
    return ("" if lang == "ja" else " ").join(filter(None, sentences))


def in_a_sentence(name: str, lang: str) -> str:
    """A name as it stands inside a sentence: ``the United States``."""
    return f"the {name}" if lang == "en" and _ARTICLE.match(name) else name


def filled(text: str, **names: str) -> str:
    """`text` with ``{actor}`` and the like replaced; a possessive keeps its English form."""
    for place, name in names.items():
        if name.endswith("s"):
            text = text.replace(f"{{{place}}}'s", f"{name}'")
        text = text.replace(f"{{{place}}}", name)
    return text


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
    first = datetime.datetime.fromisoformat(start)
    count, unit = length.split()
    steps = int(count) * (turn - 1)
    unit = unit.removesuffix("s")
    if unit in _STEPS:
        return (first + _STEPS[unit] * steps).date()
    if unit not in ("month", "year"):
        return None
    months = first.month - 1 + steps * (12 if unit == "year" else 1)
    return datetime.date(first.year + months // 12, months % 12 + 1, min(first.day, 28))
