"""Reading a chain again from its first link: what was changed, taken out, moved, slipped in, cut.

Where its beginning was cut off after its time, the first link is the one after that, and the cut
itself must be one that an anchor bears out.

A fault does not spread: what follows is checked against the digest that stands there.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from shared.audit.anchors import Anchor
from shared.audit.chain import CANONICAL, MICROSECONDS, Head, find_head, next_digest
from shared.audit.cutting import Cut, find_cut, is_early
from shared.audit.viewers import LOW
from shared.db import Tx

PAGE = 20_000
SLACK_MICROSECONDS = 600_000_000  # longer than any look at a ticket takes

LINKS = text(
    f"SELECT l.seq, l.entry, l.digest, e.entry IS NOT NULL AS stands, {CANONICAL} AS canonical,"  # noqa: S608
    f" {MICROSECONDS.format('recorded_at')} AS recorded FROM audit_links AS l"
    " LEFT JOIN audit_entries AS e ON e.bureau_id = l.bureau_id AND e.entry = l.entry"
    " WHERE l.bureau_id = :bureau AND l.seq > :after ORDER BY l.seq LIMIT :limit"
)
STRAY = text(
    f"SELECT e.entry, e.xid >= {LOW} AS is_fresh FROM audit_entries AS e"  # noqa: S608
    " WHERE e.bureau_id = :bureau AND NOT EXISTS (SELECT FROM audit_links AS l"
    "  WHERE l.bureau_id = :bureau AND l.entry = e.entry) ORDER BY e.entry"
)


class FaultKind(StrEnum):
    CHANGED = "changed"  # the row, its link, or what stood right before it
    REMOVED = "removed"  # the row is gone, its link is not
    UNLINKED = "unlinked"  # links are gone
    INSERTED = "inserted"  # a row that was never linked when its time was
    BACKDATED = "backdated"  # a row linked long after the time it tells
    CUT = "cut"  # the chain ends before its head, or an anchor
    REWRITTEN = "rewritten"  # another chain than the one that was anchored
    UNANCHORED = "unanchored"  # its beginning is cut off where no anchor was
    EARLY = "early"  # its beginning is cut off before its time


@dataclass(frozen=True, slots=True)
class Fault:
    """`entry`: the row's number, None where only the place of the link is known."""

    kind: FaultKind
    seq: int | None
    entry: int | None
    since: str | None = None


@dataclass(slots=True)
class Checker:
    """Takes the links in their order; every fault is told once, with the row."""

    digest: bytes
    anchors: Sequence[Anchor] = ()
    seq: int = 0
    rows: int = 0
    latest: int = 0
    lost_place: bool = False
    _anchored: dict[int, list[Anchor]] = field(init=False)

    def __post_init__(self) -> None:
        self._anchored = {}
        for anchor in self.anchors:
            self._anchored.setdefault(anchor.seq, []).append(anchor)

    def check(self, link: Any) -> Iterator[Fault]:
        if link.seq != self.seq + 1:
            yield from (Fault(FaultKind.UNLINKED, n, None) for n in range(self.seq + 1, link.seq))
            self.lost_place = True
        if not link.stands:
            yield Fault(FaultKind.REMOVED, link.seq, link.entry)
        else:
            yield from self._check_row(link)
        for anchor in self._anchored.get(link.seq, ()):
            if anchor.digest != link.digest:
                yield Fault(FaultKind.REWRITTEN, link.seq, link.entry, anchor.at)
        self.seq, self.digest, self.lost_place = link.seq, bytes(link.digest), False

    def _check_row(self, link: Any) -> Iterator[Fault]:
        self.rows += 1
        if not self.lost_place and next_digest(self.digest, link.canonical) != link.digest:
            yield Fault(FaultKind.CHANGED, link.seq, link.entry)
        if link.recorded < self.latest - SLACK_MICROSECONDS:
            yield Fault(FaultKind.BACKDATED, link.seq, link.entry)
        self.latest = max(self.latest, link.recorded)

    def close(self, head: Head) -> Iterator[Fault]:
        """What should have come after the last link."""
        if head.seq != self.seq or head.digest != self.digest:
            yield Fault(FaultKind.CUT, self.seq + 1, None)
        for anchor in self.anchors:
            if anchor.seq > self.seq:
                yield Fault(FaultKind.CUT, self.seq + 1, None, anchor.at)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`fresh`: rows not linked yet, as they may be for some seconds. `cut`: what is gone by now."""

    rows: int
    fresh: int
    anchors: int
    faults: Sequence[Fault]
    cut: Cut


async def verify_chain(tx: Tx, anchors: Sequence[Anchor] = ()) -> Verdict:
    """All of one moment: `tx` is a snapshot."""
    cut = await find_cut(tx)
    later = [anchor for anchor in anchors if anchor.seq > cut.seq]
    checker = Checker(cut.digest, later, seq=cut.seq)
    faults = list(_of_cut(cut, anchors))
    async for page in _pages(tx, cut.seq):
        faults += (fault for link in page for fault in checker.check(link))
    faults += checker.close(await find_head(tx))
    stray = await tx.rows(STRAY, bureau=tx.bureau)
    faults += _inserted(stray)
    fresh = sum(row.is_fresh for row in stray)
    return Verdict(checker.rows, fresh, len(anchors), faults, cut)


def _of_cut(cut: Cut, anchors: Sequence[Anchor]) -> Iterator[Fault]:
    """Without any anchors at hand nothing can be said of it."""
    if cut.seq == 0 or not anchors:
        return
    own = [one for one in anchors if (one.seq, one.digest) == (cut.seq, cut.digest)]
    if not own:
        yield Fault(FaultKind.UNANCHORED, cut.seq, None)
    elif all(is_early(cut, one) for one in own):
        yield Fault(FaultKind.EARLY, cut.seq, None)


async def _pages(tx: Tx, after: int) -> AsyncIterator[Sequence[Any]]:
    while page := await tx.rows(LINKS, bureau=tx.bureau, after=after, limit=PAGE):
        yield page
        after = page[-1].seq


def _inserted(stray: Iterable[Any]) -> Iterator[Fault]:
    return (Fault(FaultKind.INSERTED, None, row.entry) for row in stray if not row.is_fresh)
