"""Frozen months: what was known, in whose hands, and a text of all their figures to be hashed."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.scoring.rules.schemes import Scheme
from services.scoring.rules.tallies import Key, Tally
from shared.domain.actor import Actor
from shared.domain.rulebook import Unit


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands of a frozen month whatever comes later. `rows`: rounds that were counted."""

    scheme: Scheme
    calendar_version: str
    units: Mapping[str, Unit]
    layout: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """One revision of a frozen month. `manifest` None: its copy is still being made.

    `xid`: the transaction that recorded it; what is recorded at `known_at` itself, but later, is
    not in it.
    """

    period: str
    revision: int
    known_at: datetime
    frozen_at: datetime
    by: Actor
    reason: str | None
    xid: str
    manifest: Manifest | None = None


Sheets = Mapping[str, Mapping[Key, Tally]]


def figures_text(sheets: Sheets) -> str:
    """Every figure of every grouping, one a line, in one order: equal figures, equal text."""
    return "\n".join(sorted(_lines(sheets)))


def _lines(sheets: Sheets) -> Iterator[str]:
    for by, tallies in sheets.items():
        for key, tally in tallies.items():
            for metric, figure in tally.figures.items():
                if not figure.den and not figure.excluded:
                    continue
                num = f"{figure.num.normalize():f}"
                row = [by, key, metric, num, figure.den, sorted(figure.excluded.items())]
                yield json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def figures_hash(sheets: Sheets) -> str:
    return hashlib.sha256(figures_text(sheets).encode()).hexdigest()
