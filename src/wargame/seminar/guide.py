"""What a facilitator needs to know, in English and Japanese: timetables, steps, questions."""

from __future__ import annotations

from dataclasses import dataclass

Both = dict[str, str]


@dataclass(frozen=True)
class Slot:
    """A stretch of the timetable. turns: how many turns are played in it."""

    minutes: int
    what: Both
    turns: int = 0


def _slot(minutes: int, en: str, ja: str, turns: int = 0) -> Slot:
    return Slot(minutes, {"en": en, "ja": ja}, turns)


SHORT = (
    _slot(
        8,
        "Welcome: what the model is and is not, how a turn goes, who umpires",
        "導入：モデルの性格と限界、1ターンの流れ、審判の役割を説明する",
    ),
    _slot(
        10,
        "Teams read their role packets and agree on one aim and one red line to watch",
        "各チームが役割資料を読み、狙いを一つ、注意すべき一線を一つ決める",
    ),
    _slot(
        14,
        "Turn 1, slowly: show every step on the projector",
        "第1ターン：手順を一つずつ投影しながら、ゆっくり進める",
        1,
    ),
    _slot(
        28,
        "Turns 2 to 4: seven minutes for orders, two for rulings and news",
        "第2～4ターン：命令に7分、裁定と知らせに2分ずつ",
        3,
    ),
    _slot(
        30,
        "Hot wash and debrief: feelings first, then intents beside outcomes, then what if",
        "振り返り：まず気持ち、次に意図と結果の突き合わせ、最後に「もしも」",
    ),
)
"""90 minutes. A third of the time is debrief: that is where people learn."""

LONG = (
    _slot(
        15,
        "Welcome: what the model is and is not, how a turn goes, who umpires",
        "導入：モデルの性格と限界、1ターンの流れ、審判の役割を説明する",
    ),
    _slot(
        20,
        "Teams read their role packets, write down aims, fears, and what they think others want",
        "各チームが役割資料を読み、狙いと恐れ、相手が何を望むと思うかを書き出す",
    ),
    _slot(
        20,
        "Turn 1, slowly: show every step on the projector",
        "第1ターン：手順を一つずつ投影しながら、ゆっくり進める",
        1,
    ),
    _slot(
        39,
        "Turns 2 to 4: ten minutes for orders, three for rulings and news",
        "第2～4ターン：命令に10分、裁定と知らせに3分ずつ",
        3,
    ),
    _slot(
        10,
        "Break; the facilitator prepares an inject for the second half",
        "休憩。進行役は後半に使う知らせを用意する",
    ),
    _slot(
        31,
        "Turns 5 to 7, with the inject; teams may negotiate face to face between orders",
        "第5～7ターン：知らせを入れる。命令の合間に対面の交渉を認める",
        3,
    ),
    _slot(
        45,
        "Hot wash and debrief, with one fork that the group chooses, played before everybody",
        "振り返り。参加者が選んだ分岐を一つ、その場で再生して確かめる",
    ),
)
"""Three hours."""

# fmt: off
STEPS: tuple[tuple[Both, tuple[Both, ...]], ...] = (
    (
        {"en": "Before the day", "ja": "前日まで"},
        (
            {
                "en": "Decide which seats people take; two to four per seat. The rest follow "
                "their rules.",
                "ja": "参加者が担当する席を決める（1席に2～4人）。残りの席は規則が担当する。",
            },
            {
                "en": "Print the role packets (two pages a seat) and, for tables without laptops, "
                "the move cards.",
                "ja": "役割資料（1席2ページ）を印刷する。パソコンのない机には行動カードも配る。",
            },
            {
                "en": "Ask one person to be the scribe: an exact chronology is worth more than "
                "anybody's memory.",
                "ja": "記録係を一人決める。正確な経過の記録は、誰の記憶よりも役に立つ。",
            },
            {
                "en": "Play two turns alone, with a second browser as a seat.",
                "ja": "別のブラウザで席を一つ開き、一人で2ターン試しておく。",
            },
        ),
    ),
    (
        {"en": "Each turn", "ja": "毎ターン"},
        (
            {
                "en": "Briefing: the news are out. Give teams a minute to read before you open "
                "orders.",
                "ja":
                    "ブリーフィング：知らせが公開される。命令の受付を始める前に1分ほど読む時間を取る。",
            },
            {
                "en": "Orders: sealed. Remind teams to write what they mean and what they expect. "
                "Late seats: their last draft is taken, unless you chose otherwise.",
                "ja": "命令：封印される。意図と予想を書くよう促す。間に合わない席は、"
                "設定を変えない限り最後の下書きが採用される。",
            },
            {
                "en": "Adjudication: the list shows each order, its odds and what the model makes "
                "of it. Change as little as you can, and always say why: the reason is in the "
                "record.",
                "ja": "裁定：各命令の成功の見込みとモデルの結果が一覧に並ぶ。変更は最小限にし、"
                "必ず理由を書く。理由は記録に残る。",
            },
            {
                "en": "Resolution: read the public headlines aloud from the projector, then let "
                "seats read their own page.",
                "ja": "結果：まず投影画面の公開情報を読み上げ、それから各席が自分の画面を読む。",
            },
        ),
    ),
    (
        {"en": "When something goes wrong", "ja": "困ったときは"},
        (
            {
                "en": "A wrong click: undo it in the log. The same luck comes again, so nobody "
                "gains by it.",
                "ja": "操作を間違えたら、記録から取り消す。運は同じなので、誰も得をしない。",
            },
            {
                "en": "The laptop crashed: start `wargame seminar --open FILE`. The game stands "
                "paused where it was; pages come back by themselves.",
                "ja": "パソコンが落ちたら `wargame seminar --open ファイル` で開き直す。"
                "ゲームは一時停止のまま元の場面から再開でき、各画面も自動でつながる。",
            },
            {
                "en": "A team has left: hand its seat to the rules. Everybody sees that it is held "
                "by rules.",
                "ja":
                    "チームが抜けたら、その席を規則に任せる。規則担当であることは全員に表示される。",
            },
            {
                "en": "A team wants something that no card offers: let it write free text, and "
                "translate it into the nearest move or into an inject for next turn.",
                "ja": "カードにない行動を望むチームには自由文で書いてもらい、最も近い行動か、"
                "次のターンの知らせに翻訳する。",
            },
        ),
    ),
    (
        {"en": "What to say about the model", "ja": "モデルについて伝えること"},
        (
            {
                "en": "It is an argument made of assumptions with sources, not a forecast. Shares "
                "of model runs are not probabilities of war.",
                "ja": "出典のある仮定を組み立てた一つの議論であり、予測ではない。"
                "ランの割合は戦争の確率ではない。",
            },
            {
                "en": "Its actors follow weights and luck. Ask of each surprise: which rule spoke, "
                "and would you have written it?",
                "ja": "登場する主体は重みと運に従う。意外な結果が出たら、どの規則が働いたのか、"
                "自分ならそう書くかを問う。",
            },
            {
                "en": "People have suffered and died in what is played here. Say so at the start, "
                "and let anybody step out.",
                "ja": "ここで扱う出来事では、実際に多くの人が苦しみ、命を落とした。"
                "最初にそう伝え、いつでも席を外せるようにする。",
            },
        ),
    ),
)
# fmt: on

PROMPTS: tuple[Both, ...] = (
    {
        "en": "First, how are you? Say one word each, in or out of role.",
        "ja": "まず、いまの気持ちを一言ずつ。役のままでも、役を離れてもよい。",
    },
    {
        "en": "What did you want in the first turn, and when did you stop wanting it?",
        "ja": "最初のターンで何を望んでいたか。それを望まなくなったのはいつか。",
    },
    {
        "en": "Which order of another seat did you misread, and what did you take it for?",
        "ja": "他の席のどの命令を読み違えたか。何だと受け取ったのか。",
    },
    {
        "en": "What did you expect in answer to your boldest order, and what came instead?",
        "ja": "最も思い切った命令に、どんな反応を予想したか。実際には何が返ってきたか。",
    },
    {
        "en": "Which turn moved the ladder most? Could anybody have seen it then?",
        "ja": "梯子が最も動いたのはどのターンか。その時点で誰かが気づけただろうか。",
    },
    {
        "en": "Where would a private word have done more than a public one?",
        "ja": "公の言葉より、内々の一言の方が効いたと思う場面はどこか。",
    },
    {
        "en": "Which third party could have helped, at which stage, and with what form of "
        "intervention?",
        "ja": "どの第三者が、どの段階で、どんな形の介入をすれば助けになったか。",
    },
    {
        "en": "Choose one order to play otherwise. Say what you expect before we look.",
        "ja": "やり直してみたい命令を一つ選ぶ。結果を見る前に、予想を言葉にする。",
    },
    {
        "en": "What did the umpire change, and would you have ruled the same?",
        "ja": "審判は何を変えたか。自分でも同じ裁定をしたか。",
    },
    {
        "en": "What in this model do you not believe, and what would you put in its place?",
        "ja": "このモデルのどこに納得できないか。代わりに何を入れるか。",
    },
)
"""Asked in this order in the hot wash; the first lets people leave their roles."""


def in_language(question: str, lang: str) -> str:
    """A question as a reader gets it: one of `PROMPTS` in the reader's own language."""
    return next((p[lang] for p in PROMPTS if question in p.values()), question)
