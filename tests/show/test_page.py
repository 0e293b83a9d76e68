"""The exported file, its veil, and the page's server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from wargame.analysis.turning_points import Gain, TurningPoint
from wargame.replay.replay import Replay
from wargame.show.documents.gallery_page import write_gallery
from wargame.show.replay_page.page import export
from wargame.show.replay_page.page_data import turning
from wargame.show.replay_page.spoiler_lock import OPEN, chain, key, unveil, veil
from wargame.show.text.language import LANGUAGES
from wargame.show.text.narrate import Narrator


class TestVeil:
    def test_a_veiled_item_comes_back(self) -> None:
        item = {"text": "核" * 999, "n": [1, 2, 3]}
        for own in (OPEN, key("a"), key("b")):
            assert unveil(veil(item, own), own) == item

    def test_each_key_lies_in_the_item_before(self) -> None:
        items = [{"turn": turn} for turn in range(4)]
        own, blobs = chain(items, "salt")
        for turn, blob in enumerate(blobs):
            item = unveil(blob, own)
            assert item["turn"] == turn
            own = item["next"]
        assert own is None

    def test_the_wrong_key_opens_nothing(self) -> None:
        with pytest.raises(Exception):  # noqa: B017 - whatever zlib or JSON makes of noise
            unveil(veil({"a": "secret" * 50}, key("right")), key("wrong"))


@pytest.fixture(scope="module")
def text(kherson: Replay) -> str:
    """The exported file."""
    return export(kherson)


class TestExport:
    def test_is_the_same_every_time(self, kherson: Replay, text: str) -> None:
        assert export(kherson) == text

    def test_asks_for_nothing(self, text: str) -> None:
        assert "default-src 'none'" in text and "connect-src 'none'" in text
        assert "unsafe" not in text
        visible = re.sub(r'<script id="data".*?</script>', "", text, flags=re.S)
        addresses = set(re.findall(r"https?://[^\s\"'`<]+", visible))
        assert addresses == {"http://www.w3.org/2000/svg"}  # a name, not a place to go to

    def test_shows_nothing_of_the_run_to_a_search(self, text: str) -> None:
        assert "Izyum" not in text and "nuclear weapons" not in text

    def test_a_year_stays_below_two_megabytes(self, kherson: Replay, text: str) -> None:
        """A turn of every lens and language, times 53, with the page around it."""
        data = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
        assert data is not None
        turns = [len(blob) for blob in json.loads(data[1])["turns"]]
        around = len(text.encode()) - sum(turns)
        assert around + 53 * max(turns) < 2_000_000


@pytest.mark.parametrize(
    ("best", "usual", "told"),
    [
        ((-150.0, -180.0, -120.0), (0.0, -30.0, 30.0), "?? "),
        ((5.0, -30.0, 30.0), (150.0, 120.0, 180.0), "!! "),
    ],
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_mark_is_worded_by_the_comparison_that_it_rests_on(
    kherson: Replay, best: tuple[float, ...], usual: tuple[float, ...], told: str, lang: str
) -> None:
    point = TurningPoint(
        3, "usa", 0, "private_warning", "hold", 99, Gain(*best), Gain(*usual), changes=()
    )
    narrator = Narrator.of(kherson, lang)
    text = turning(narrator, point)
    assert text.startswith(told) and f"{point.ground.points:+.0f}" in text
    assert narrator.came(3, "usa", 0)[1] in text, "a move that failed is not told as done"
    blunder = point.ground is point.best
    assert (narrator.move("hold") in text) is blunder
    if lang == "en":
        assert ("what it usually does" in text) is not blunder


def test_the_gallery_links_every_run_once(kherson: Replay, tmp_path: Path) -> None:
    class Picked:
        where, run, kind = "runs/x#7", 7, "typical"

        def words(self, lang: str = "en", called: Callable[[str], str] = str) -> str:
            return f"{called('Libya')}、なぜか" if lang == "ja" else "Why <this>"

    index, *pages = write_gallery(tmp_path, [Picked(), Picked()], lambda where: kherson)
    assert [page.name for page in pages] == ["01-typical-7.html"]
    text = index.read_text(encoding="utf-8")
    assert text.count('href="01-typical-7.html?lang=en"') == 2
    assert "Why &lt;this&gt;" in text and "リビア型、なぜか" in text
    assert "style=" not in text


class TestServer:
    """What is handed out, and to whom it is not."""

    @pytest.fixture
    def client(self, kherson: Replay):  # type: ignore[no-untyped-def]
        testclient = pytest.importorskip("starlette.testclient")
        from wargame.show.replay_page.server import replay_app

        return testclient.TestClient(
            replay_app(kherson, predict=True), base_url="http://127.0.0.1:8022"
        )

    def vote(self, client, turn: int) -> None:  # type: ignore[no-untyped-def]
        said = {"turn": turn, "actor": "russia", "votes": {"hold": 3}}
        assert client.post("/r/0/vote", json=said).status_code == 200

    def test_later_turns_are_withheld_until_the_class_has_voted(self, client) -> None:  # type: ignore[no-untyped-def]
        assert client.get("/r/0/turn/0/all/en").json()["turn"] == 0
        assert client.get("/r/0/turn/1/all/en").status_code == 403
        self.vote(client, 0)
        assert client.get("/r/0/turn/1/all/en").json()["turn"] == 1
        assert client.get("/r/0/turn/2/all/en").status_code == 403
        self.vote(client, 0)  # a second vote on the same turn opens nothing more
        assert client.get("/r/0/turn/2/all/en").status_code == 403

    def test_nothing_is_forked_while_the_class_predicts(self, client) -> None:  # type: ignore[no-untyped-def]
        said = {"turn": 1, "actor": "usa", "moves": ["private_warning"]}
        assert client.post("/r/0/fork", json=said).status_code == 403

    def test_a_fork_is_a_new_replay(self, client) -> None:  # type: ignore[no-untyped-def]
        client.post("/r/0/predict", json={"predict": False, "turn": 0})
        said = {"turn": 2, "actor": "usa", "moves": ["private_warning"]}
        name = client.post("/r/0/fork", json=said).json()["name"]
        chosen = client.get(f"/r/{name}/turn/2/all/en").json()["chosen"]["usa"]
        assert chosen[0] == "private_warning"
        assert (
            client.get(f"/r/{name}/turn/1/all/en").json()["acts"]
            == (client.get("/r/0/turn/1/all/en").json()["acts"])
        )

    def test_an_order_that_may_not_be_given_is_refused_with_its_reason(self, client) -> None:  # type: ignore[no-untyped-def]
        client.post("/r/0/predict", json={"predict": False, "turn": 0})
        answer = client.post("/r/0/fork", json={"turn": 2, "actor": "usa", "moves": ["annex"]})
        assert answer.status_code == 409 and "russia" in answer.text

    @pytest.mark.parametrize(
        "path", ["/r/9/", "/r/0/turn/99/all/en", "/r/0/turn/0/moon/en", "/r/0/head/all/xx"]
    )
    def test_what_there_is_not(self, client, path: str) -> None:  # type: ignore[no-untyped-def]
        assert client.get(path).status_code == 404

    def test_other_sites_and_other_names_are_turned_away(self, client) -> None:  # type: ignore[no-untyped-def]
        said = {"predict": False, "turn": 0}
        elsewhere = {"sec-fetch-site": "cross-site"}
        assert client.post("/r/0/predict", json=said, headers=elsewhere).status_code == 403
        assert client.post("/r/0/predict", content="predict=1").status_code == 415
        assert client.get("/r/0/", headers={"host": "evil.example"}).status_code == 400

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("fork", "[" * 60_000, 422),
            ("fork", '{"turn": NaN, "actor": "usa", "moves": ["hold"]}', 422),
            ("fork", '{"turn": true, "actor": "usa", "moves": ["hold"]}', 422),
            ("fork", '{"turn": 1, "actor": "usa", "moves": []}', 422),
            ("fork", '{"turn": 1, "actor": "usa", "moves": "hold"}', 422),
            ("fork", '{"turn": 1, "actor": "usa", "moves": [["hold"]]}', 422),
            ("fork", '{"turn": 99999999, "actor": "usa", "moves": ["hold"]}', 409),
            ("fork", '{"turn": -1, "actor": "usa", "moves": ["hold"]}', 409),
            ("fork", '{"turn": 1, "actor": "<script>", "moves": ["hold"]}', 409),
            ("fork", '{"turn": 1, "actor": "usa", "moves": ["<script>alert(1)</script>"]}', 409),
            ("predict", '{"predict": false, "turn": 1e99}', 422),
            ("predict", '{"predict": false, "turn": -1}', 422),
            ("vote", '{"votes": []}', 409),
            ("vote", "[]", 422),
            ("vote", "9" * 5000, 422),
            ("vote", "x" * 70_000, 413),
        ],
    )
    def test_nonsense_is_refused_and_changes_nothing(  # type: ignore[no-untyped-def]
        self, client, path: str, body: str, status: int
    ) -> None:
        client.post("/r/0/predict", json={"predict": False, "turn": 0})
        headers = {"content-type": "application/json"}
        answer = client.post(f"/r/0/{path}", content=body, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/plain")
        assert client.get("/r/1/").status_code == 404
        assert client.get("/r/0/turn/6/all/en").status_code == 200

    def test_what_a_fork_page_asks_for_is_there_for_forks_only(self, client) -> None:  # type: ignore[no-untyped-def]
        client.post("/r/0/predict", json={"predict": False, "turn": 0})
        said = {"turn": 6, "actor": "usa", "moves": ["hold", "hold"]}
        name = client.post("/r/0/fork", json=said).json()["name"]
        beside = client.get(f"/r/{name}/beside/ja").json()
        assert beside["turn"] == 6 and list(beside["rows"]) in ([], ["6"])
        assert client.get("/r/0/beside/en").status_code == 404
        assert client.get("/r/0/usual/en").status_code == 404
        assert client.get(f"/r/{name}/beside/xx").status_code == 404
        client.post(f"/r/{name}/predict", json={"predict": True, "turn": 0})
        assert client.get(f"/r/{name}/beside/en").status_code == 403
        assert client.get(f"/r/{name}/usual/en").status_code == 403

    def test_the_page_holds_no_turn(self, client) -> None:  # type: ignore[no-untyped-def]
        page = client.get("/r/0/")
        assert "connect-src 'self'" in page.text and "Izyum" not in page.text
        assert '"most":null' in page.text  # nor how many there are, while a class predicts
        asked = {"predict": False, "turn": 0}
        assert client.post("/r/0/predict", json=asked).json()["most"] > 0
        assert page.headers["cache-control"] == "no-store"
