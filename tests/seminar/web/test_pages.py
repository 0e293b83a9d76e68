"""Whatever has been done in a game, every page of it can be shown, in both languages."""

from __future__ import annotations

import re
from typing import Any

from people import Facilitator, Person

from wargame.seminar.table import Table


def test_every_page_shows_whatever_was_done(
    facilitator: Facilitator, red: Person, table: Table
) -> None:
    shown: dict[str, str] = {}

    def led(name: str, data: Any = None) -> None:
        answer = facilitator.do(name, data)
        assert answer.status_code == 200, answer.text
        look()

    def look() -> None:
        for lang in ("en", "ja"):
            for whose in ("facilitator", "seat:red", "seat:green", "projector"):
                part = facilitator.part(whose, lang)
                assert part.status_code == 200, whose
                shown[f"{whose} {lang}"] = part.text
            assert red.part(lang=lang).status_code == 200

    look()
    led(
        "inject_prepare",
        {"inject": {"title": "A rumour", "to": ["red"], "effects": {"tension": 1}}},
    )
    led("start")
    led("inject_send", {"id": next(iter(table.state.injects))})
    led("note", {"text": "They hesitate", "tags": ["mood"]})
    led("question", {"text": "Why?"})
    led("message", {"to": ["seat:red"], "text": "Hello"})
    led("open_orders", {"minutes": 5})
    led("pause")
    led("resume")
    red.do("submit", {"orders": [{"move": "march", "expect": "Fear"}, {"free": "Bribe"}]}, turn=1)
    led("lock")
    led("rule", {"seat": "red", "verdict": "modify", "move": "talk", "reason": "so"})
    led("translate", {"seat": "red", "place": 1, "move": "plot", "reason": "the nearest"})
    led("commit")
    what = {"turn": 1, "orders": {"red": ["march"]}, "futures": 10}
    led("what_if", what)
    led("odds", {"futures": 10})
    led("show", {"what": "odds"})
    led("debrief")
    assert "Red and Blue" in shown["projector en"]
    led("turning_points", {"futures": 10})
    asked = table.state.questions[0].event
    assert red.do("answer", {"question": asked, "text": "So"}).status_code == 200
    led("end")
    assert "戦争" in shown["facilitator ja"]
    for whose in ("facilitator", "seat:red", "projector"):
        assert "A rumour" in shown[f"{whose} ja"]


def test_no_share_of_futures_is_shown_without_its_interval(
    facilitator: Facilitator, red: Person
) -> None:
    """ "0.0 %" of a hundred futures says more than its number: up to 5 % may end so."""
    for phase in ("resolution", "debrief"):
        facilitator.to(phase)
        if phase == "resolution":
            facilitator.do("odds", {"futures": 100})
            facilitator.do("show", {"what": "odds"})
            what = {"turn": 1, "orders": {"red": ["march"]}, "futures": 100}
            assert facilitator.do("what_if", what).status_code == 200
        else:
            assert facilitator.do("turning_points", {"futures": 100}).status_code == 200
        for lang, bound in (("en", r"none \(at most {} %\)"), ("ja", "なし（多くとも{} %）")):
            pages = [person.part(lang=lang).text for person in (facilitator, red)]
            pages.append(facilitator.part("projector", lang).text)
            if phase == "debrief":
                path = f"/report.html?lang={lang}"
                pages.append(red.client.get(path, headers=red.headers).text)
            for page in pages:
                told = re.findall(bound.format(r"\d+\.\d"), page)
                assert told, page
                rest = re.sub(bound.format(r"\d+\.\d"), "", page).replace("95 %", "")
                rest = re.sub(r"<style>.*?</style>", "", rest, flags=re.S)
                rest = re.sub(r"\d+\.\d %\s\(\d+\.\d–\d+\.\d\)", "", rest)
                assert not re.findall(r".{30}\d\s*%.{10}", rest)
