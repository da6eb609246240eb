"""Which tickets tell of the same (domain §8): repeats of one caller, clusters of several.

Layer 1 is the platform's own word. Layer 2: same caller, same category, same place, inside the
window of the root. Layer 3: other callers, same category and place; one matter, but no repeat.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.limits import BadLimit, Limits
from shared.domain.places import Point, metres_between

UPSTREAM_WORD = "upstream_word"
SAME_CALLER = "same_caller_repeat"
CLUSTER = "cluster"
LAYER_UPSTREAM, LAYER_CALLER, LAYER_CLUSTER = 1, 2, 3
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RepeatLimits:
    """`window` after the root's receipt or `after_completion` of it; `radius` in metres."""

    window: timedelta
    after_completion: timedelta
    radius: int
    cluster_min: int

    @classmethod
    def of(cls, limits: Limits) -> "RepeatLimits":
        return cls(
            window=limits.limit("repeat.window").span,
            after_completion=limits.limit("repeat.after_completion").span,
            radius=metres(limits.text("repeat.radius")),
            cluster_min=limits.number("cluster.min"),
        )


def metres(text: str) -> int:
    number = text.removesuffix("m")
    if not (text.endswith("m") and number.isascii() and number.isdigit()):
        raise BadLimit(f"无法识别的距离：{text}（应如 100m）")
    return int(number)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What of a ticket is compared. `root`: the ticket it repeats or was merged into, if any.

    `caller` and `address` are digests, None where there is nothing to compare. `is_out`: voided or
    returned, so it counts for nothing. `is_review`: a platform's 复核单, no new word of a citizen.
    """

    ticket_id: int
    no: str
    received_at: datetime
    completed_at: datetime | None
    category: str | None
    caller: bytes | None
    address: bytes | None
    point: Point | None
    matter: str | None = None
    root: str | None = None
    is_open: bool = True
    is_out: bool = False
    is_review: bool = False
    is_set_apart: bool = False

    @property
    def age(self) -> tuple[datetime, int]:
        return (self.received_at, self.ticket_id)

    @property
    def may_repeat(self) -> bool:
        return not (self.is_out or self.is_review or self.is_set_apart)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why a ticket is taken for a repeat of its root."""

    root: Sighting
    days: int
    same_address: bool
    metres: int | None


def find_root(
    ticket: Sighting, others: Iterable[Sighting], *, roots: dict[str, Sighting], by: RepeatLimits
) -> Likeness | None:
    """The root that `ticket` repeats by layer 2, the oldest where there are several.

    `others` may be repeats themselves: then their root's dates count.
    """
    found = []
    for other in others:
        likeness = _likeness(ticket, other, roots=roots, by=by)
        if likeness is not None:
            found.append(likeness)
    return min(found, key=lambda one: one.root.age, default=None)


def _likeness(
    ticket: Sighting, other: Sighting, *, roots: dict[str, Sighting], by: RepeatLimits
) -> Likeness | None:
    root = other if other.root is None else roots.get(other.root)
    if root is None or root.is_out or root.ticket_id == ticket.ticket_id:
        return None
    if not other.may_repeat or ticket.caller is None or ticket.caller != other.caller:
        return None
    if root.age >= ticket.age or not same_matter(ticket, other, by):
        return None
    if not in_window(root, ticket.received_at, by):
        return None
    return Likeness(
        root=root,
        days=(ticket.received_at - root.received_at) // ONE_DAY,
        same_address=ticket.address is not None and ticket.address == other.address,
        metres=_metres(ticket, other),
    )


def in_window(root: Sighting, received_at: datetime, by: RepeatLimits) -> bool:
    """Within days of the root's receipt, or of its completion."""
    if received_at - root.received_at <= by.window:
        return True
    return root.completed_at is not None and (
        root.completed_at <= received_at <= root.completed_at + by.after_completion
    )


def same_matter(one: Sighting, other: Sighting, by: RepeatLimits) -> bool:
    return (
        one.category is not None and one.category == other.category and same_place(one, other, by)
    )


def same_place(one: Sighting, other: Sighting, by: RepeatLimits) -> bool:
    if one.address is not None and one.address == other.address:
        return True
    apart = _metres(one, other)
    return apart is not None and apart <= by.radius


def _metres(one: Sighting, other: Sighting) -> int | None:
    """Rounded up, so that what is called 100 m is never more."""
    if one.point is None or other.point is None:
        return None
    apart = metres_between(one.point, other.point)
    return int(apart) + (apart > int(apart))


@dataclass(frozen=True, slots=True)
class Cluster:
    """Tickets of several callers on one matter, oldest first, the new one among them.

    `matter`: one of theirs that is there already. `callers`: how many different ones. Callers that
    left no number cannot be told apart and are not counted.
    """

    members: tuple[Sighting, ...]
    matter: str | None
    callers: int
    is_hot: bool


def find_cluster(
    ticket: Sighting, others: Sequence[Sighting], *, by: RepeatLimits
) -> Cluster | None:
    """Layer 3: None where the ticket stands alone, or with too few callers and no matter yet."""
    near = [
        other
        for other in others
        if other.may_repeat
        and abs(other.received_at - ticket.received_at) <= by.window
        and same_matter(ticket, other, by)
    ]
    if not near or not ticket.may_repeat:
        return None
    members = tuple(sorted([*near, ticket], key=lambda one: one.age))
    callers = len({one.caller for one in members if one.caller is not None})
    known = [one.matter for one in near if one.matter is not None]
    is_hot = callers >= by.cluster_min
    if not known and not is_hot:
        return None
    return Cluster(members, min(known, default=None), callers, is_hot)
