"""Where the program begins: Ctrl-C is one word from here on, while the rest is still imported."""

import signal

from wargame.boundary import interrupts

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, interrupts.leave)


def main() -> int:
    """The command of this process's arguments; its exit code."""
    from wargame.cli.main import main as command

    try:
        return command()
    finally:
        # What there was to say is said; the rest is Python's own goodbye.
        interrupts.ignore()
