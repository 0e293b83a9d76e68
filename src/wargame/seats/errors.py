"""Why a command was not done, in the reader's language."""

from __future__ import annotations

from wargame.errors import WargameError

# key: (status, English, Japanese). 400 malformed, 403 not your business, 404 no such thing,
# 409 not now.
REASONS: dict[str, tuple[int, str, str]] = {
    "malformed": (400, "This cannot be read: {detail}", "読み取れない内容です：{detail}"),
    "role": (403, "{role} may not {command}", "{role}には{command}の権限がありません"),
    "command": (404, "There is no command {command}", "{command}という操作はありません"),
    "missing": (404, "There is no {what} {name}", "{what}「{name}」は見つかりません"),
    "phase": (
        409,
        "Not now: the game is in the phase {phase}",
        "今はできません。現在の局面は{phase}です",
    ),
    "paused": (409, "The game is paused", "ゲームは一時停止中です"),
    "stale": (
        409,
        "The turn moved on: this was for turn {given}, now it is turn {turn}. "
        "What you wrote is kept",
        "ターンが進みました。これは第{given}ターンの入力ですが、現在は第{turn}ターンです。"
        "入力内容は保存されています",
    ),
    "behind": (
        409,
        "Another facilitator acted first; look again and repeat if it is still right",
        "別の進行役が先に操作しました。画面を確かめ、必要ならもう一度操作してください",
    ),
    "other-body": (
        409,
        "This key was used for another request",
        "このキーは別の内容の操作に使われています",
    ),
    "holder": (
        409,
        "This seat is held by {holder}",
        "この席は現在「{holder}」が担当しています",
    ),
    "unnamed": (
        409,
        "No program was named for {seat} at the start; restart with --seat {seat}=...",
        "{seat}のプログラムは起動時に指定されていません。"
        "--seat {seat}=… を付けて再起動してください",
    ),
    "illegal": (409, "This cannot be ordered now: {detail}", "今は命令できません：{detail}"),
    "over": (409, "The run has ended: {ending}", "結末に至りました：{ending}"),
    "built-upon": (
        409,
        "Later steps build on this event; go back to just before it instead",
        "後の進行がこの出来事の上に成り立っています。「直前まで戻す」を使ってください",
    ),
    "not-undoable": (409, "This cannot be undone", "これは取り消せません"),
    "reason": (400, "A reason is required", "理由を書いてください"),
}


class Refused(WargameError):
    """A command that was not done, and changed nothing.

    names: what its sentence speaks of; {en, ja} where the languages differ.

    status: as HTTP has it (400, 403, 404, 409). `words` says why in a language.
    """

    def __init__(self, key: str, **names: object) -> None:
        self.key = key
        self.names = names
        self.status = REASONS[key][0]
        super().__init__(self.words())

    @property
    def message(self) -> str:
        """Why, in English."""
        return self.words()

    def words(self, lang: str = "en") -> str:
        """Why, in one sentence."""
        _, en, ja = REASONS[self.key]
        names = {
            name: value.get(lang, value["en"]) if isinstance(value, dict) else value
            for name, value in self.names.items()
        }
        return (ja if lang == "ja" else en).format(**names)


def in_english(detail: object) -> dict[str, str]:
    """A detail that only English has, such as a fault in the rule language, for both languages."""
    return {"en": str(detail), "ja": f"書き方を確かめてください（詳細は英語）：{detail}"}
