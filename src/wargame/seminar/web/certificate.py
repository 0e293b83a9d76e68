"""A certificate that the facilitator's laptop makes for itself, for ``--tls``."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable
from pathlib import Path

from wargame.boundary.files import PRIVATE, make_folder, write_text
from wargame.boundary.programs import openssl
from wargame.errors import WargameError

DAYS = 30
CERTIFICATE, KEY = "certificate.pem", "key.pem"


def kept(folder: Path, hosts: Iterable[str]) -> tuple[Path, Path]:
    """The certificate and key in `folder`, which only its owner can read; made where it has none.

    A restarted server must show the one that people have already accepted, or their open pages
    would not come back. It is made anew for other names, and a day before it would run out.
    """
    names = "\n".join(hosts)
    make_folder(folder, private=True)
    written = folder / "hosts.txt"
    certificate, key = folder / CERTIFICATE, folder / KEY
    if written.is_file() and written.read_text(encoding="utf-8") == names:
        lasts = ["x509", "-checkend", "86400", "-noout", "-in", str(certificate)]
        with contextlib.suppress(FileNotFoundError):
            if openssl(*lasts).returncode == 0 and key.is_file():
                return certificate, key
    written.unlink(missing_ok=True)
    found = self_made(folder, names.splitlines())
    write_text(written, names, mode=PRIVATE)
    return found


def self_made(folder: Path, hosts: Iterable[str]) -> tuple[Path, Path]:
    """A certificate for these names and addresses, and its key, as files in `folder`.

    Nobody vouches for it: browsers warn, and people must compare the fingerprint (`fingerprint`)
    to know that they speak to the right laptop. Raises WargameError without the program openssl.
    """
    certificate, key = folder / CERTIFICATE, folder / KEY
    names = ",".join(map(_alternative, hosts))
    command = [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-days", str(DAYS), "-subj", "/CN=wargame seminar",
        "-addext", f"subjectAltName={names}", "-addext", "extendedKeyUsage=serverAuth",
        "-keyout", str(key), "-out", str(certificate),
    ]  # fmt: skip
    for path in (certificate, key):
        path.unlink(missing_ok=True)  # a link that stood there is not followed
    try:
        made = openssl(*command)
    except FileNotFoundError:
        raise WargameError(
            "--tls needs the program openssl, which is not installed here; install it, or give "
            "a certificate of your own with --certificate and --key"
        ) from None
    if made.returncode:
        raise WargameError(f"openssl could not make a certificate: {made.stderr}")
    return certificate, key


def fingerprint(certificate: Path) -> str:
    """The SHA-256 fingerprint of a PEM certificate, as browsers show it: ``AB:CD:...``."""
    import hashlib
    import ssl

    der = ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))
    digest = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def _alternative(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return f"DNS:{host}"
    return f"IP:{host}"
