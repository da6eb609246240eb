"""A call to somebody else's system: whose it is, what it says, and the lease to make it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from shared.outgoing import Answer, Letter
from shared.tickets import Ledger
from shared.worker.deliveries import Delivery

Key = tuple[int, int]  # stream and sequence: one delivery of one subscriber


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours to make for as long as its lease stands.

    `taken_at` by the monotonic clock, which runs on while a process is stopped.
    """

    delivery: Delivery
    lease: UUID
    deferrals: int
    taken_at: float

    @property
    def key(self) -> Key:
        return self.delivery.stream_id, self.delivery.seq


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, fixed at the first try: every later one has the same id and the same bytes."""

    webhook_id: str
    body: bytes
    ticket_id: int
    ticket_no: str
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a subscriber hears us now. `sign` gives the headers; `may_hear`: of these tickets."""

    url: str
    sign: Callable[[str, bytes], dict[str, str]]
    may_hear: frozenset[int]


class Mailbox(Protocol):
    """One kind of receiver, as its service knows it."""

    async def find_address(
        self, ledger: Ledger, subscriber: str, tickets: Collection[int]
    ) -> Address | None:
        """None when nobody wants to hear of anything there any more."""
        ...

    async def write(
        self, ledger: Ledger, subscriber: str, deliveries: Sequence[Delivery]
    ) -> Mapping[Key, Message]:
        """One message per delivery."""
        ...


@dataclass(frozen=True, slots=True)
class Sender:
    """`mailboxes` by the prefix of their subscribers' names; `post` never raises."""

    mailboxes: Mapping[str, Mailbox]
    post: Callable[[Letter], Awaitable[Answer]]

    def mailbox_of(self, subscriber: str) -> Mailbox:
        return self.mailboxes[subscriber[: subscriber.index(":") + 1]]


def read_claim(row: Any, *, lease: UUID, at: float) -> Claim:
    return Claim(
        delivery=Delivery(
            stream_id=row.stream_id,
            seq=row.seq,
            subscriber=row.subscriber,
            event_type=row.event_type,
            payload=None,
            attempts=row.attempts,
        ),
        lease=lease,
        deferrals=row.deferrals,
        taken_at=at,
    )
