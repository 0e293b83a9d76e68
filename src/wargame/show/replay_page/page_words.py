"""The words of the page itself: buttons, headings, hints."""

from __future__ import annotations

from collections.abc import Callable


def page_words(say: Callable[[str], str]) -> dict[str, str]:
    """Every word that the page's script puts on the screen, by the key that the script uses."""
    return {
        "language": say("Language"),
        "lens": say("Whose eyes"),
        "turn": say("Turn"),
        "first": say("First turn"),
        "back": say("One turn back"),
        "forward": say("One turn forward"),
        "last": say("Last turn"),
        "play": say("Play"),
        "pause": say("Pause"),
        "print": say("Print"),
        "keys": say("Keys: ← → one turn, Home and End, space plays, P predict first."),
        "news": say("News"),
        "deeds": say("Who did what, and why"),
        "nothing": say("Nothing of note."),
        "ladder": say("The ladder"),
        "ladder_help": say(
            "Glasl's nine stages of conflict: 1 to 3 both can win, 4 to 6 one wins and one loses, "
            "7 to 9 both lose. Arrows: the stage changed in that turn."
        ),
        "pair": say("Pair"),
        "stage": say("Stage"),
        "moved": say("What moved most"),
        "before": say("before"),
        "after": say("after"),
        "odds": say("Where it was heading"),
        "odds_help": say(
            "After each turn the model was played on {n} times from that very world: this is how "
            "those futures ended. Shares of model runs, not probabilities of war. Marks: "
            "!! brilliant, ! good, ?! dubious, ? mistake, ?? blunder, by the aims of the side that "
            "moved."
        ),
        "risks": say("What to watch, turn by turn"),
        "risks_help": say(
            "The share of the same futures that come to this. Bands are 95 % intervals. The "
            "scale is stretched, so that small shares can be seen."
        ),
        "interval": say("Share (95 % interval)"),
        "ending": say("Ending"),
        "share": say("Share"),
        "network": say("Who acted on whom"),
        "network_help": say(
            "Grey: standing influence, thicker is stronger. On top: what was done this turn. A "
            "ring is a move that was aimed at nobody in particular."
        ),
        "escalate": say("escalates"),
        "de-escalate": say("de-escalates"),
        "neutral": say("neither"),
        "from": say("From"),
        "to": say("To"),
        "kind": say("What it does"),
        "as_table": say("As a table"),
        "why": say("Why did they do that?"),
        "actor": say("Actor"),
        "why_help": say(
            "Every open move goes into a bag with as many tickets as its weight, and tickets are "
            "drawn. Reasons add tickets or take them away: open a line to see them."
        ),
        "move": say("Move"),
        "weight": say("Weight"),
        "chosen": say("chosen"),
        "failed": say("chosen, came to nothing"),
        "runner_up": say("next in line"),
        "no_reasons": say("Nothing in particular; it is what this actor usually does."),
        "usual": say("usually"),
        "ruled_out": say("Ruled out"),
        "closed": say("{n} more moves were not open this turn."),
        "gauge": say("What"),
        "believed": say("believed"),
        "true": say("true"),
        "believed_heading": say("What it believed"),
        "hidden_why": say("This lens cannot look into anybody else's mind."),
        "source": say("Source"),
        "private": say("in private"),
        "covert": say("covert"),
        "by_seat": say("decided by people"),
        "by_umpire": say("ruled by the umpire"),
        "by_script": say("as it really happened"),
        "by_program": say("decided by a program"),
        "by_log": say("as in the original run"),
        "milestone": say("A line is crossed"),
        "ended": say("How it ended"),
        "story": say("The whole story"),
        "unknowns": say("What nobody knew"),
        "unknowns_help": say("Drawn once for this run; no actor ever sees these."),
        "value": say("Value"),
        "unit": say("Unit"),
        "predict": say("Predict first"),
        "predict_on": say("Predict first is on: later turns are locked away until you have voted."),
        "predict_off": say("Show everything"),
        "predict_sure": say("Unlock every turn? The class will see the rest of the story."),
        "question": say("What will {actor} do next?"),
        "vote_clear": say("Clear the votes"),
        "reveal": say("Show what happened"),
        "reveal_first": say("Vote first; then the next turn can be shown."),
        "answer": say("{actor}: {moves}. {right} of {all} votes foresaw it."),
        "answer_hidden": say("nothing that can be seen from here"),
        "no_more": say("That was the last turn."),
        "fork": say("What if?"),
        "fork_help": say(
            "Turn {turn} again, with another order and the same luck. Whatever differs afterwards "
            "follows from that order."
        ),
        "order_n": say("Order {n}"),
        "fork_go": say("Play it this way"),
        "fork_done": say("Opening the other course of events…"),
        "beside": say("Beside the original"),
        "beside_strip": say("The original's ladder; framed where it stands elsewhere than here"),
        "changed": say("What was changed in turn {turn}:"),
        "as_it_was": say("as it was"),
        "otherwise": say("played otherwise"),
        "same_before": say("Up to here both courses of events are the same."),
        "same_turn": say("In this turn nothing differs."),
        "ends": say("How it ends"),
        "to_original": say("Go to the original"),
        "usual_title": say("What usually follows"),
        "usual_help": say(
            "One course of events under the same luck says what this order did here. {n} futures "
            "of each with fresh luck say what usually follows it."
        ),
        "usual_go": say("Play {n} futures of each"),
        "usual_busy": say("Playing…"),
        "usual_change": say("Change in points (95 % interval)"),
        "usual_note": say(
            "Bold: the interval does not hold 0. Shares of model runs, not probabilities of war."
        ),
        "guide": say("How to use this page"),
        "guide_step": say("Step through the turns with ← and →, or drag the slider."),
        "guide_eyes": say(
            "Whose eyes: choose an actor, and the page shows only what that actor could know."
        ),
        "guide_why": say(
            "Why did they do that? Below each turn: every move that was open to an actor, what "
            "spoke for it, and what the actor believed."
        ),
        "guide_predict": say("Predict first: the class votes on the next move before it is shown."),
        "guide_fork": say("What if? Play one turn otherwise under the same luck and compare."),
        "notes": say("Notes"),
        "disclaimer": say("This is one run of a model, made for learning. It is not a forecast."),
        "locked_note": say(
            "This file holds every turn and every lens. Later turns are veiled so that nobody "
            "comes across them by accident; it is a curtain, not a safe."
        ),
    }
