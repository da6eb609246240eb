"""The lock as data: what is installed, at which version, from files of which hashes, for whom."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+))?")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VIA = re.compile(r"^    # (?:via(?: (?P<one>\S.*))?|  (?P<more>\S.*))$")
PROJECT = "minhu (pyproject.toml)"


@dataclass(frozen=True)
class Pin:
    """`via`: who asks for it; the project itself, or one of its groups."""

    name: str
    version: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]
    marker: str = ""


def read_lock(text: str | None = None) -> list[Pin]:
    return [_pin(block) for block in _blocks((text or LOCK.read_text("utf-8")).splitlines())]


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines:
        if line and not line[0].isspace() and not line.startswith("#"):
            if block:
                yield block
            block = []
        if block or (line and not line.startswith("#")):
            block.append(line)
    if block:
        yield block


def _pin(block: list[str]) -> Pin:
    found = PIN.match(block[0])
    assert found is not None, f"not pinned: {block[0]}"
    via = [hit["one"] or hit["more"] for line in block if (hit := VIA.match(line))]
    return Pin(
        found["name"],
        found["version"],
        tuple(HASH.findall("\n".join(block))),
        tuple(one for one in via if one),
        (found["marker"] or "").strip(),
    )


def shipped(pins: Iterable[Pin]) -> set[str]:
    """What production installs: asked for by the project, or by something that is."""
    by_name = {pin.name: pin for pin in pins}
    found = {name for name, pin in by_name.items() if PROJECT in pin.via}
    while more := {
        name for name, pin in by_name.items() if name not in found and found & set(pin.via)
    }:
        found |= more
    return found


def licence_of(name: str) -> str | None:
    """As the installed package states it; None where this machine has not installed it."""
    try:
        about = distribution(name).metadata
    except PackageNotFoundError:
        return None
    if "License-Expression" in about:
        return about["License-Expression"]
    classes = about.get_all("Classifier") or []
    named = [one.rpartition(" :: ")[2] for one in classes if one.startswith("License :: ")]
    first = about["License"].strip().partition("\n")[0] if "License" in about else ""
    return "; ".join(named) or first[:80] or "未声明"
