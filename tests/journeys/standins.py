"""Small stand-ins for curl and openssl, as far as docs/quickstart.sh uses them.

Run as `python standins.py curl …`, reached by way of launchers put first in PATH.
"""

import argparse
import base64
import hashlib
import hmac
import os
import shlex
import sys
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

TOOLS = ("curl", "openssl")


def put_first(folder: Path, tools: Iterable[str]) -> str:
    """A PATH in which launchers of the stand-ins come before everything else."""
    for tool in tools:
        launcher = folder / tool
        command = shlex.join([sys.executable, str(Path(__file__).resolve()), tool])
        launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        launcher.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


def curl(argv: list[str]) -> None:
    """One request; its body and, as `-w` asks, the status on a line of its own."""
    parser = argparse.ArgumentParser("curl", add_help=False, allow_abbrev=False)
    parser.add_argument("-sS", action="store_true")
    parser.add_argument("--noproxy")
    parser.add_argument("--max-time", type=float, default=60)
    parser.add_argument("-w", default="")
    parser.add_argument("-X", default="GET")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("--data-binary")
    parser.add_argument("url")
    asked = parser.parse_args(argv)
    place = urlsplit(asked.url)
    connection = HTTPConnection(place.netloc, timeout=asked.max_time)
    headers = dict(header.split(": ", 1) for header in asked.H)
    body = None if asked.data_binary is None else os.fsencode(asked.data_binary)
    path = f"{place.path}?{place.query}" if place.query else place.path
    connection.request(asked.X, path, body, headers)
    answer = connection.getresponse()
    tail = asked.w.replace("\\n", "\n").replace("%{http_code}", str(answer.status))
    sys.stdout.buffer.write(answer.read() + tail.encode())
    connection.close()


def openssl(argv: list[str]) -> None:
    """`base64 -A`, `base64 -d -A`, and `dgst` with an HMAC over a key in hex, in binary."""
    given = sys.stdin.buffer.read()
    match argv:
        case ["base64", "-d", "-A"]:
            made = base64.b64decode(given, validate=True)
        case ["base64", "-A"]:
            made = base64.b64encode(given)
        case ["dgst", "-sha256", "-mac", "HMAC", "-macopt", key, "-binary"]:
            made = hmac.digest(bytes.fromhex(key.removeprefix("hexkey:")), given, hashlib.sha256)
        case _:
            sys.exit(f"not in this stand-in: openssl {shlex.join(argv)}")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    {"curl": curl, "openssl": openssl}[sys.argv[1]](sys.argv[2:])
