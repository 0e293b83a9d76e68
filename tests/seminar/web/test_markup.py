"""Whatever people write stays text: every field, every page, twenty ways to try.

Here no element of theirs may appear in the HTML; tests/browser runs the same in Chromium.
"""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from payloads import PAYLOADS
from people import Facilitator, Person

EXECUTES = {"script", "iframe", "object", "embed", "base", "link", "meta", "style", "math", "img"}


class Elements(HTMLParser):
    """Collects what a browser would make of a page: elements, handlers, addresses, ids."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in EXECUTES:
            self.bad.append(tag)
        for name, value in attrs:
            if name.startswith(("on", "style")) or "javascript:" in (value or "").lower():
                self.bad.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_people_write_is_shown_and_never_runs(
    red: Person, blue: Person, facilitator: Facilitator, payload: str
) -> None:
    line = {"free": payload, "target": payload[:200], "intent": payload, "expect": payload}
    done = [
        facilitator.do("start"),
        facilitator.do("note", {"text": payload, "tags": [payload[:80]]}),
        facilitator.do("question", {"text": payload}),
        facilitator.do(
            "inject_send", {"inject": {"title": payload, "about": payload, "to": ["red"]}}
        ),
        facilitator.do("open_orders"),
        red.do("draft", {"orders": [line]}, turn=1),
        red.do("submit", {"orders": [line]}, turn=1),
        red.do("message", {"to": ["facilitator", "seat:blue"], "text": payload}),
        facilitator.do("lock"),
    ]
    assert {answer.status_code for answer in done} == {200}, [a.text for a in done]
    reason = {"seat": "red", "place": 0, "move": "march", "reason": payload}
    assert facilitator.do("translate", reason).status_code == 200
    harmless(red, blue, facilitator, payload)
    facilitator.to("debrief")
    number = facilitator.table.state.questions[0].event
    assert red.do("answer", {"question": number, "text": payload}).status_code == 200
    harmless(red, blue, facilitator, payload)
    report = facilitator.client.get("/report.html", headers=facilitator.headers).text
    elements = Elements()
    elements.feed(report)
    assert [bad for bad in elements.bad if bad not in ("style", "meta")] == []


def harmless(red: Person, blue: Person, facilitator: Facilitator, payload: str) -> None:
    """Nothing of theirs is an element on any page, and those who may read it can read it."""
    for person in (red, blue, facilitator):
        for lang in ("en", "ja"):
            elements = Elements()
            elements.feed(person.part(lang=lang).text)
            assert elements.bad == [], person.role
            assert payload.strip() in "".join(elements.words), person.role


def test_a_refusal_does_not_echo_markup(red: Person) -> None:
    wrong = [{payload: 1} for payload in PAYLOADS]
    wrong += [{"to": [payload[:80]], "text": "x"} for payload in PAYLOADS]
    answers = [
        red.client.post("/do/message", headers=red.headers, json={"data": data}) for data in wrong
    ]
    answers += [
        red.client.post(f"/do/{number}", headers=red.headers, json={}) for number in range(3)
    ]
    for answer in answers:
        assert answer.status_code in (400, 404)
        elements = Elements()
        elements.feed(answer.text)
        assert elements.bad == []
