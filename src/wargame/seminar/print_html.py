"""What is printed: one HTML page with its style inside, A4, in English or Japanese."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

Say = Callable[[str], str]

STYLE = """
:root { color-scheme: light; }
body { font-family: system-ui, "Noto Sans", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic",
  sans-serif; line-height: 1.45; color: #111; background: #fff; max-width: 62rem;
  margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .4rem; } h2 { font-size: 1.2rem; margin: 1.2rem 0 .3rem; }
h3 { font-size: 1rem; margin: .8rem 0 .2rem; } p { margin: .35rem 0; }
h1, h2, h3 { break-after: avoid; }
ul, ol { margin: .3rem 0; padding-left: 1.3rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .4rem 0; }
th, td { border: 1px solid #999; padding: .25rem .45rem; text-align: left; vertical-align: top; }
th { background: #eee; }
.turn td:last-child, .turn th:last-child { white-space: nowrap; }
.small { font-size: .8rem; color: #444; }
.turn { border-top: 2px solid #333; margin-top: 1rem; break-inside: avoid-page; }
@page { size: A4; margin: 13mm; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 9.5pt; }
  h1 { font-size: 15pt; } h2 { font-size: 11.5pt; } h3 { font-size: 10pt; }
  details > * { display: block; } }
"""

# fmt: off
JAPANESE = {
    # the after-action report
    "after-action report": "事後報告書",
    "{scenario}, seed {seed}, run {run}; {events} events; engine {engine}":
        "{scenario}、シード{seed}、ラン{run}、記録{events}件、エンジン{engine}",
    "Last world": "最後の世界のダイジェスト",
    "This is one run of a model, made for learning. It is not a forecast.":
        "これは学習用モデルの一つのランであり、予測ではありません。",
    "How it ended": "結末",
    "The game was stopped before an ending.": "結末に至る前に終了しました。",
    "people": "参加者",
    "rules": "規則",
    "program": "外部プログラム",
    "seat": "席",
    "held by": "担当",
    "Turning points": "転換点",
    "The turns that moved the shares of endings most, of {n} model runs after each turn.":
        "結末の割合を最も動かしたターン（各ターン後に{n}回のモデル実行）。",
    "The turns in which the ladders moved most.": "梯子が最も動いたターン。",
    "No turn stands out.": "際立ったターンはない。",
    "succeeded": "成功",
    "did not succeed": "不成功",
    "nothing": "なし",
    "order": "命令",
    "intent or reason": "意図・理由",
    "expected": "予想した反応",
    "umpire": "審判",
    "outcome": "結果",
    "Ladder": "梯子",
    "{name} took {title} for {believed}; it was {true}":
        "{name}は「{title}」を{believed}と見ていたが、実際は{true}だった",
    "What seats did not know": "各席が知らなかったこと",
    "last draft": "下書きを採用",
    "late: held": "遅れのため静観",
    "changed:": "変更：",
    "did not take place:": "不実施：",
    "ruled a success:": "成功と裁定：",
    "ruled a failure:": "失敗と裁定：",
    "translated:": "翻訳：",
    "What if": "もしも",
    "Turn {turn} with {orders}: turns {turns} go differently":
        "第{turn}ターンを「{orders}」に変えた場合に変わるターン：{turns}",
    "Of {n} futures each:": "それぞれ{n}通りの未来のうち：",
    "After turn {turn}, of {futures} futures:": "第{turn}ターンの後、{futures}通りの未来のうち：",
    "How the model goes on when all follow their rules; not a forecast.":
        "全員が規則に従った場合にモデルがたどる先であり、予測ではありません。",
    "End states from here": "ここからの結末の分布",
    "Notes": "記録係のメモ",
    "turn": "ターン",
    "tags": "タグ",
    "note": "メモ",
    "Hot wash": "ホットウォッシュ（直後の振り返り）",
    "answer": "回答",
    # the course kit
    "Role packet": "役割資料",
    "Role packets": "役割資料",
    "Move cards": "行動カード",
    "Facilitator's guide": "進行役の手引き",
    "Course kit": "授業キット",
    "What you want": "目標",
    "What you will not bear": "譲れない一線",
    "What you measure losses by": "損得の基準点",
    "Who you are": "あなたの立場",
    "The situation": "状況",
    "What you know at the start": "開始時に知っていること",
    "yours": "自分の情報",
    "public": "公開",
    "public facts": "公開情報",
    ", ": "、",
    ": ": "：",
    "intelligence, uncertain": "情報機関の推定（不確か）",
    "Whom you can influence": "影響力",
    "Where the conflicts stand": "対立の段階",
    "stage {stage} of 9: {name}": "9段階中の{stage}：{name}",
    "What you can do": "できること",
    "Orders each turn: {orders}.": "毎ターン{orders}件まで命令できます。",
    "Every order is sealed until all are in. Write down what you mean by it and what you expect "
    "others to do: the debrief begins there.":
        "命令は全員分がそろうまで封印されます。命令の意図と、相手に予想する反応を書き残してください。"
    "振り返りはそこから始まります。",
    "diplomatic": "外交",
    "informational": "情報・言論",
    "economic": "経済",
    "military": "軍事",
    "nuclear": "核",
    "third-party": "第三者",
    "private": "非公開",
    "covert": "秘密",
    "escalate": "激化",
    "de-escalate": "緩和",
    "neutral": "中立",
    "aimed at {target}": "対象：{target}",
    "stage {stage}": "段階{stage}",
    "again after {turns} turns": "次は{turns}ターン後から",
    "leverage": "影響力",
    "alliance": "同盟",
    "channel": "対話経路",
    "to": "相手",
    "kind": "種類",
    "strength": "強さ",
    "why": "理由",
    "minutes": "分",
    "clock": "時刻",
    "what": "内容",
    "Teaching material for a model; it states nobody's official view.":
        "この資料は学習用モデルの教材であり、実在の国や人物の見解を示すものではありません。",
}
# fmt: on


def say_in(lang: str) -> Say:
    """The function that says an English sentence of this module in `lang`."""
    return (lambda text: JAPANESE[text]) if lang == "ja" else (lambda text: text)


def page(title: str, body: Iterable[str], lang: str, style: str = STYLE) -> str:
    """A whole HTML page; `body` is HTML already, `title` is not."""
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n</body>\n</html>\n"
    )
