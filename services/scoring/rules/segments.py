"""Segments: who cleans which stretch of road in a month, and which one an address lies on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.roads import find_spot


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of road as one revision of an inspection tells it; `month` as 202611.

    `road` is plain; without numbers it is the whole of it. `position` tells when it was recorded,
    among all else.
    """

    inspection_id: str
    position: int
    recorded_at: datetime
    month: int
    contractor: str
    road: str
    street: str | None = None
    from_no: int | None = None
    to_no: int | None = None
    withdrawn: bool = False


def find_segment(
    segments: Iterable[Segment], *, month: int | None, address: str | None, street: str | None
) -> Segment | None:
    """The segment of that month; None also where it may be one contractor's or another's.

    A number inside a segment says more than the road alone. Streets must agree where both are
    known. Without a number in the address every segment of the road may be meant.
    """
    known = [one for one in segments if one.month == month and not one.withdrawn]
    spot = find_spot(address, [one.road for one in known])
    if spot is None:
        return None
    there = [one for one in known if one.road == spot.road and _agree(one.street, street)]
    ranged = [one for one in there if one.from_no is not None]
    meant = [one for one in ranged if _holds(one, spot.number)]
    if not meant:
        whole = [one for one in there if one.from_no is None]
        meant = [*whole, *ranged] if spot.number is None else whole
    contractors = {one.contractor for one in meant}
    return min(meant, key=lambda one: one.inspection_id) if len(contractors) == 1 else None


def _agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _holds(segment: Segment, number: int | None) -> bool:
    if number is None or segment.from_no is None or segment.to_no is None:
        return False
    return segment.from_no <= number <= segment.to_no
