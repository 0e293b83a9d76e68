"""Ctrl-C: one word and exit code 130, whatever is under way, and no traceback.

The first one raises KeyboardInterrupt, so that whoever has something to put in order can. Where
Python loses it, as in a callback or when a library makes another error of it, and at a second one,
the process leaves at once: journals and logs are whole at any moment, and workers end by
themselves when nobody listens to them any more.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["INTERRUPTED", "came", "ignore", "leave", "taken"]

INTERRUPTED = 130  # 128 + the signal's number, as shells have it

_came = False


def leave(number: int = 0, frame: FrameType | None = None) -> None:
    """End this process now, with the word that it was interrupted."""
    ignore()
    os.write(2, b"\nwargame: interrupted\n" if os.isatty(2) else b"wargame: interrupted\n")
    os._exit(INTERRUPTED)


def ignore() -> None:
    """Take no notice of any further Ctrl-C: all there was to say has been said."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def came() -> bool:
    """Whether there was a Ctrl-C since `taken` began."""
    return _came


@contextmanager
def taken() -> Iterator[None]:
    """Answer Ctrl-C as this module says; not where somebody else does, or where it is ignored."""
    global _came
    _came = False
    before = signal.getsignal(signal.SIGINT)
    hook = sys.unraisablehook
    ours = before in (signal.default_int_handler, leave)
    # The main thread alone has to do with signals.
    ours = ours and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGINT, _first)

    def lost(fault: "sys.UnraisableHookArgs") -> None:
        if isinstance(fault.exc_value, KeyboardInterrupt):
            leave()
        hook(fault)

    sys.unraisablehook = lost
    try:
        yield
    finally:
        sys.unraisablehook = hook
        if ours:
            signal.signal(signal.SIGINT, before)


def _first(number: int, frame: FrameType | None) -> None:
    global _came
    _came = True
    signal.signal(signal.SIGINT, leave)
    raise KeyboardInterrupt
