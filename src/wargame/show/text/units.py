"""Units of gauges and lengths of turns in the reader's language.

Files give a unit once, in English; the units that come with the program are known here in
Japanese. A unit that is not known stays as its author wrote it.
"""

from __future__ import annotations

from wargame.content.spec import Text
from wargame.show.text.language import read

_LENGTHS = {"hour": "時間", "day": "日間", "week": "週間", "month": "か月", "year": "年"}

_UNITS = {
    "flag": "0か1",
    "weapons": "発",
    "weeks": "週",
    "week of the year": "その年の第何週か",
    "thousand soldiers": "千人",
    "per 100,000 a week": "1週あたり10万分の1",
    "per mille": "千分率",
    "per mille, 0 is ambiguous": "千分率、0はあいまい",
    "per mille, 0 is a complete loss of face": "千分率、0は面子を完全に失った状態",
    "per mille, 500 is balanced": "千分率、500で釣り合う",
    "per mille, 500 is balanced, more means that Ukraine advances": (
        "千分率、500で釣り合い、それより大きければウクライナが進む"
    ),
    "per mille, 500 is unbiased": "千分率、500で偏りなし",
    "per mille, 1000 means that the guns are silent": "千分率、1000は砲声がやんだ状態",
    "per mille of deep winter": "真冬に対する千分率",
    "per mille of Ukraine's territory of 1991": "1991年のウクライナ領に対する千分率",
    "per mille of Ukraine's territory of 1991; the line before 2022 is 70": (
        "1991年のウクライナ領に対する千分率、2022年より前の線は70"
    ),
    "per mille that works": "動いている割合の千分率",
    "0 Spiral, 1 kaboom, 2 Expansion, 3 KABOOM, 4 Kosovo, 5 Vietnam, 6 Libya, 7 Korea, 8 Finland": (
        "0 螺旋、1 kaboom、2 Expansion、3 KABOOM、4 コソボ型、5 ベトナム型、6 リビア型、"
        "7 朝鮮型、8 フィンランド型"
    ),
}


def unit(text: Text | None, lang: str) -> str:
    """The unit of a gauge or an unknown, "" where it has none."""
    return translated(read(text, lang), lang)


def translated(text: str, lang: str) -> str:
    """A unit that has been read already."""
    return _UNITS.get(text, text) if lang == "ja" else text


def lasting(length: str, lang: str) -> str:
    """The length of a turn as in the YAML, ``1 week``, in the reader's words: ``1週間``."""
    count, _, one = length.partition(" ")
    known = _LENGTHS.get(one.removesuffix("s")) if lang == "ja" else None
    return count + known if known else length
