"""Lead a seminar: teams take seats in their browsers, rules or programs play the rest.

One process on the facilitator's laptop; nothing leaves the room's network. Everything that
happens stands in one log, which replays, verifies and forks like any other.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import shlex
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wargame.boundary.files import home
from wargame.boundary.keys import tightened
from wargame.cli.shared.console import shows
from wargame.cli.shared.options import add_lang, add_overlay, add_seat, add_seed, seed_of
from wargame.cli.shared.outputs import add_out, new_file
from wargame.errors import WargameError

if TYPE_CHECKING:
    from wargame.replay.replay import Replay
    from wargame.seminar.table import Table

EXAMPLES = """examples:
  wargame seminar kherson-2022 --seats russia,ukraine,usa,nato
  wargame seminar kherson-2022 --seats russia,usa --minutes 10 --lang ja
  wargame seminar kherson-2022 --seats usa --seat "china=python3 agent.py"
  wargame seminar --from runs/kherson-2022#4711 --turn 6 --seats russia,usa
  wargame seminar --open game.jsonl
  wargame seminar --open game.jsonl --seat "china=python3 agent.py"

On plain http anybody on the same network can read along. Use a network of your own, or --tls."""

EXPOSED = (
    "others on this machine could read it until now; if one may have copied it, stop, remove it "
    "and start again: everybody then signs in anew"
)

HOST, PORT = "0.0.0.0", 8022


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``wargame seminar``."""
    parser.add_argument("scenario", nargs="?", help="a scenario's name or path")
    parser.add_argument(
        "--seats", default="", metavar="A,B", help="the actors that people play, with commas"
    )
    add_seat(parser)
    add_out(parser, "FILE", "the game's log, a new file", "--log", writes=new_file)
    parser.add_argument("--open", type=home, metavar="FILE", help="go on with the game of this log")
    parser.add_argument("--from", dest="source", metavar="RUN", help="begin inside a run: its log")
    parser.add_argument(
        "--turn", type=int, default=0, metavar="T", help="with --from: begin after this turn"
    )
    add_overlay(parser)
    add_seed(parser, "names the luck of the game")
    parser.add_argument("--minutes", type=int, metavar="M", help="time for orders; none by default")
    parser.add_argument(
        "--late",
        choices=("draft", "hold", "rules"),
        default="draft",
        help="what becomes of a late seat: its last draft, waiting, or its rules",
    )
    add_lang(parser, "language of the links and programs")
    parser.add_argument(
        "--host", default=HOST, help="the address to listen on (default: every one)"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"the port (default: {PORT})")
    parser.add_argument("--tls", action="store_true", help="https, with a certificate made here")
    parser.add_argument("--certificate", type=home, metavar="FILE", help="https, with this one")
    parser.add_argument("--key", type=home, metavar="FILE", help="the certificate's key")
    parser.add_argument("--no-qr", action="store_true", help="print links without QR codes")


def run(args: argparse.Namespace) -> int:
    """Open the table and serve it until Ctrl-C."""
    try:
        from wargame.seminar.web.app import create_app
        from wargame.seminar.web.certificate import fingerprint, kept
        from wargame.seminar.web.server import listen, serve
    except ModuleNotFoundError as missing:
        raise WargameError(
            f"a seminar needs {missing.name}, which is not installed: "
            "pip install 'wargame[seminar]'"
        ) from None

    _check(args)
    with contextlib.ExitStack() as stack:
        # A port that is taken shall leave no log behind.
        listening = stack.enter_context(listen(args.host, args.port))
        table = open_table(args)
        stack.callback(table.close)
        hosts = addresses(args.host)
        if tightened(key_file(table)):
            print(f"wargame: {key_file(table)}: {EXPOSED}", file=sys.stderr)
        certificate = None
        if args.certificate is not None:
            certificate = (args.certificate, args.key)
        elif args.tls:
            certificate = kept(table.path.with_name(table.path.name + ".tls"), hosts)
        scheme = "https" if certificate else "http"
        port = listening.getsockname()[1]
        links = tuple(_link(scheme, host, port) for host in hosts)
        app = create_app(table, links, key_file(table))
        drawn = not args.no_qr and sys.stdout.isatty() and shows("█▀▄", sys.stdout)
        text = welcome(table, links, args.lang, qr=drawn)
        if certificate:
            text += f"\nSHA-256 {fingerprint(certificate[0])}\n"
        stack.callback(print, farewell(table, args, port))
        # Not only Ctrl-C shall let go of the log in good order and say how to go on.
        signal.signal(signal.SIGTERM, _leave)
        serve(app, listening, certificate=certificate, ready=lambda: print(text, flush=True))
    return 0


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _check(args: argparse.Namespace) -> None:
    if args.open is None and (args.scenario is None) == (args.source is None):
        raise WargameError("name a scenario, or a run with --from, or a game with --open")
    if args.open is not None and (args.scenario or args.source or args.seats):
        raise WargameError("--open goes on with a game as it is: no scenario, no --seats")
    if (args.certificate is None) != (args.key is None):
        raise WargameError("--certificate and --key belong together")
    if not 0 <= args.port < 2**16:
        raise WargameError(f"--port must be a number from 0 to 65535, not {args.port}")
    if args.minutes is not None and not 1 <= args.minutes <= 24 * 60:
        raise WargameError(f"--minutes must be a number from 1 to 1440, not {args.minutes}")


def open_table(args: argparse.Namespace) -> Table:
    """The game that was asked for, new or old."""
    from wargame.compiler.cached import opened
    from wargame.seats.play import Programs
    from wargame.seats.programs import parse_seats
    from wargame.seats.seating import AGENT, FACILITATOR, HUMAN
    from wargame.seminar.table import Table
    from wargame.seminar.web.app import codes_of, console_code

    programs = parse_seats(args.seat)
    if args.open is not None:
        table = Table.open(args.open, programs=programs, codes=codes_of(_beside(args.open)))
        try:
            Programs(programs).rehearse(table.board.scenario)
        except WargameError:
            table.close()
            raise
        for actor, seat in table.state.seats.items():
            if seat.holder == AGENT and actor not in programs:
                print(
                    f"wargame: {args.open}: a program played {actor}; its rules play until you "
                    f"name one again with --seat {actor}=...",
                    file=sys.stderr,
                )
        if table.torn:
            print(f"wargame: {args.open}: {table.torn}", file=sys.stderr)
        # Of a log of the first edition only hashes are known; this opens the console beside it.
        table.codes.setdefault(FACILITATOR, console_code(table, key_file(table)))
        return table
    people = [actor.strip() for actor in args.seats.split(",") if actor.strip()]
    seats = dict.fromkeys(people, HUMAN)
    for actor in programs:
        if actor in seats:
            raise WargameError(f"{actor} is given to people and to a program")
    start = (_source(args.source), args.turn) if args.source else None
    scenario = start[0].scenario if start else opened(args.scenario, args.overlay)
    Programs(programs).rehearse(scenario)
    named = f"{scenario.header.scenario}-{datetime.datetime.now():%Y%m%d-%H%M%S}.jsonl"
    log = args.out or Path(named)
    return Table.create(
        log,
        scenario,
        seats,
        seed_of(args),
        start,
        args.lang,
        minutes=args.minutes,
        late=args.late,
        codes=codes_of(_beside(log)),
        programs=programs,
    )


def key_file(table: Table) -> Path:
    """Where the key of a game's passes is kept, so that open pages outlive a restart."""
    return _beside(table.path)


def _beside(log: Path) -> Path:
    return log.with_name(log.name + ".key")


def _source(source: str) -> Replay:
    from wargame.batches.open_run import read_playthrough

    return read_playthrough(source)


# ------------------------------------------------------------------------------ what is printed

_SAID = {
    "en": {
        "facilitator": "Facilitator",
        "open": "Open these links, or {link}/join and type the code.",
        "more": "If that address does not answer, put another in its place: {links}\n"
        "The console chooses which one its QR codes show.",
        "others": "Held by rules: {names}",
        "programs": "Held by programs: {names}",
        "plain": "Plain http: anybody on this network can read along. --tls helps.",
        "stop": "The log is {log}. Ctrl-C stops; nothing is lost.",
        "kept": "The game is kept in {log}; go on with: {again}",
        "comma": ", ",
    },
    "ja": {
        "facilitator": "進行役",
        "open": "次のリンクを開くか、{link}/join でコードを入力してください。",
        "more": "つながらない場合は、次のアドレスに読み替えてください：{links}\n"
        "QRコードのアドレスは進行画面で選べます。",
        "others": "規則が担当：{names}",
        "programs": "外部プログラムが担当：{names}",
        "plain": "暗号化なし（http）のため、同じネットワークの人に読まれる恐れがあります。"
        "--tls を使ってください。",
        "stop": "記録は {log} です。Ctrl-C で停止します。内容は失われません。",
        "kept": "記録は {log} にあります。続けるには：{again}",
        "comma": "、",
    },
}


def welcome(table: Table, links: Sequence[str], lang: str, qr: bool = False) -> str:
    """The links and codes of a game, as they are printed before it is served.

    links: every address of this machine; the first is the one that is printed with each code.
    """
    from wargame.seats.seating import AGENT, FACILITATOR, RULES, seat_of
    from wargame.seminar.view import view
    from wargame.seminar.web.qr import lines

    said = _SAID[lang]
    link, *more = links
    seen = view(table, "projector", lang)
    names = {seat["actor"]: seat["name"] for seat in seen["seats"]}
    text = [seen["title"], said["open"].format(link=link), ""]
    for role, code in table.codes.items():
        actor = seat_of(role)
        name = names[actor] if actor else said["facilitator"]
        address = f"{link}/join?lang={lang}#{code}"
        text.append(f"{name}\n  {code}\n  {address}")
        if qr and role != FACILITATOR:
            text.append(lines(address))
    if more:
        text.append(said["more"].format(links=said["comma"].join(more)))
    held = table.state.seats
    for key, kind in (("others", RULES), ("programs", AGENT)):
        found = [names[actor] for actor, seat in held.items() if seat.holder == kind]
        if found:
            text.append(said[key].format(names=said["comma"].join(found)))
    if link.startswith("http:"):
        text.append(said["plain"])
    text.append(said["stop"].format(log=table.path))
    return "\n".join(text)


def farewell(table: Table, args: argparse.Namespace, port: int) -> str:
    """Where the game is kept, and the command that goes on with it where open pages look for it."""
    words = ["wargame", "seminar", "--open", str(table.path)]
    words += ["--host", args.host] if args.host != HOST else []
    words += ["--port", str(port)] if port != PORT else []
    words += ["--tls"] if args.tls else []
    if args.certificate is not None:
        words += ["--certificate", str(args.certificate), "--key", str(args.key)]
    words += ["--lang", args.lang] if args.lang != "en" else []
    words += [word for seat in args.seat for word in ("--seat", seat)]
    return _SAID[args.lang]["kept"].format(log=table.path, again=shlex.join(words))


def addresses(host: str) -> tuple[str, ...]:
    """The addresses under which this machine answers, those for other machines first."""
    if host not in ("", "0.0.0.0", "::"):
        return tuple(dict.fromkeys((host, "localhost", "127.0.0.1")))
    found = [_default(), *(_interface(name) for _, name in socket.if_nameindex())]
    with contextlib.suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    outside = [address for address in found if address and not address.startswith("127.")]
    return tuple(dict.fromkeys((*outside, "localhost", "127.0.0.1")))


def _default() -> str | None:
    """The address that the system would use to go out; none on a hotspot without internet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # nothing is sent
        return str(probe.getsockname()[0])
    return None


def _interface(name: str) -> str | None:
    """The IPv4 address of a network interface, if it has one."""
    request = {"linux": 0x8915, "darwin": 0xC0206921}.get(sys.platform)  # SIOCGIFADDR
    if request is None:
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        answer = fcntl.ioctl(probe, request, struct.pack("256s", name.encode()[:15]))
        return socket.inet_ntoa(answer[20:24])
    return None


def _link(scheme: str, host: str, port: int) -> str:
    """An address as browsers write it: without the port that goes without saying."""
    from wargame.seminar.web.security import DEFAULT_PORTS

    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + ("" if DEFAULT_PORTS.get(port) == scheme else f":{port}")
