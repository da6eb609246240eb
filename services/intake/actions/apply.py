"""Applying what was received: a batch of messages in one transaction."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from services.intake import queries
from services.intake.actions import contents
from services.intake.actions.desk import IntakeDesk, open_desk
from services.intake.actions.notices import DEAD, NOTICES
from services.intake.actions.repeats import await_root
from services.intake.reading import NotAMessage, Reading, read_message
from services.intake.schemas.messages import (
    ContentMessage,
    RankPublished,
    TicketCreated,
    TicketMessage,
    TicketRework,
    TicketVoided,
)
from shared.domain.ticket import Ticket
from shared.errors import HotlineError
from shared.tickets import Ledger
from shared.vault.originals import open_original
from shared.worker.deliveries import Delivery


async def apply_messages(ledger: Ledger, batch: Sequence[Delivery]) -> None:
    """Handler of `message.received`. Handled twice, the second time finds nothing pending."""
    ids = [str(delivery.payload["message_id"]) for delivery in batch if delivery.payload]
    rows = [row for row in await queries.read_messages(ledger.tx, ids) if row.state == "pending"]
    readings, refused = read_all(ledger, rows)
    told = sorted({no for _, reading in readings for no in numbers_of(reading)})
    await lock_numbers(ledger, told)
    created = [no for _, reading in readings for no in created_numbers(reading)]
    waiting: Sequence[Any] = ()
    if created:
        waiting = await ledger.tx.rows(queries.WAITING, bureau=ledger.tx.bureau, numbers=created)
    late, spoilt = read_all(ledger, waiting)
    new = sum(isinstance(reading.message, TicketCreated) for _, reading in readings)
    more = {no for _, reading in late for no in numbers_of(reading)}
    desk = await open_desk(ledger, sorted({*told, *more}), new=new)
    for row, problem in (*refused, *spoilt):
        desk.mark(row, "quarantined", problem={"errors": list(problem.errors)})
    for row, reading in readings:
        await apply_one(desk, row, reading)
    await apply_waiting(desk, [*late, *(pair for pair in readings if desk.is_waiting(pair[0]))])
    await desk.close()


async def apply_waiting(desk: IntakeDesk, waiting: Sequence[tuple[Any, Reading]]) -> None:
    """What waited from before, or came before its creation in this very batch, until none can."""
    left = sorted(waiting, key=lambda pair: rank_key(pair[1]))
    before = len(left) + 1
    while len(left) < before:
        before = len(left)
        for row, reading in left:
            await apply_one(desk, row, reading)
        left = [pair for pair in left if desk.is_waiting(pair[0])]


def read_all(
    ledger: Ledger, rows: Sequence[Any]
) -> tuple[list[tuple[Any, Reading]], list[tuple[Any, NotAMessage]]]:
    readings, refused = [], []
    for row in rows:
        try:
            readings.append((row, read_message(spoken(ledger, row))))
        except NotAMessage as error:
            refused.append((row, error))
    return readings, refused


def numbers_of(reading: Reading) -> Iterator[str]:
    """Every upstream number the message speaks of."""
    message = reading.message
    if not isinstance(message, TicketMessage):
        return
    yield message.data.upstream_no
    yield message.about
    if isinstance(message, ContentMessage):
        yield from message.data.other_nos or ()


def spoken(ledger: Ledger, row: Any) -> bytes:
    """The words the message speaks in: what was sent, or what it was mended to."""
    bureau, keyring = ledger.tx.bureau, ledger.keyring
    return open_original(row.body, row.seal_key_id, row, bureau=bureau, keyring=keyring) or b""


def created_numbers(reading: Reading) -> Iterator[str]:
    """Numbers that become known with the message."""
    if isinstance(reading.message, TicketCreated | TicketRework):
        yield reading.message.data.upstream_no
    if isinstance(reading.message, TicketCreated):
        yield from reading.message.data.other_nos or ()


def rank_key(reading: Reading) -> tuple[int, Any]:
    """Waiting messages in upstream order."""
    message = reading.message
    revision = getattr(getattr(message, "data", None), "revision", None)
    return (revision or 0, getattr(message, "at", None))


async def lock_numbers(ledger: Ledger, numbers: Sequence[str]) -> None:
    """Two workers never decide on the same number at once; locks in order, so none cross."""
    keys = sorted(
        int.from_bytes(
            hashlib.sha256(f"no:{ledger.tx.bureau}:{no}".encode()).digest()[:8],
            "big",
            signed=True,
        )
        for no in numbers
    )
    if keys:
        await ledger.tx.run(queries.LOCK_NUMBERS, keys=keys)


async def apply_one(desk: IntakeDesk, row: Any, reading: Reading) -> None:
    """One message to its end; what cannot be applied is quarantined with its reason."""
    message = reading.message
    desk.ledger.trace = row.trace
    if isinstance(message, RankPublished):
        await put_rank(desk, row, message)
        desk.mark(row, "applied")
        return
    if not isinstance(message, TicketMessage):
        desk.mark(row, "ignored")
        return
    try:
        await apply_to_ticket(desk, row, message)
    except HotlineError as error:
        desk.mark(row, "quarantined", problem={"code": error.code, "detail": error.detail})


async def apply_to_ticket(desk: IntakeDesk, row: Any, message: TicketMessage) -> None:
    source = row.source
    if isinstance(message, TicketCreated):
        own = desk.find_own(source, message.data.upstream_no)
        if own is not None and await contents.repeats_first_word(desk, source, message, own):
            desk.mark(row, "ignored", own)
            return
        ticket = take_created(desk, source, message)
        known = desk.find(source, message.data.upstream_no)
        if ticket is not None:
            await await_root(desk, message, ticket)
        desk.mark(row, "ignored" if ticket is None else "applied", ticket or known)
        return
    ticket = desk.find(source, message.about)
    if ticket is None:
        desk.mark(row, "waiting")
        return
    own = ticket
    if not isinstance(message, TicketVoided):  # one number taken back takes not all the others
        ticket = desk.master_of(own)
    if ticket.state in DEAD or repeated(desk, source, message):
        desk.mark(row, "ignored", ticket)
        return
    if isinstance(message, ContentMessage) and ticket is not own:
        after: Ticket | None = contents.set_aside(desk, source, message, ticket)
    elif isinstance(message, ContentMessage):
        after = contents.update(desk, source, message, ticket)
    else:
        after = NOTICES[type(message)](desk, source, message, ticket)
    desk.mark(row, "ignored" if after is None else "applied", after or ticket)


def take_created(desk: IntakeDesk, source: str, message: TicketCreated) -> Ticket | None:
    """A new ticket, a change to a known one, or a second number for it."""
    own = desk.find_own(source, message.data.upstream_no)
    if own is not None:
        return None if own.state in DEAD else contents.update(desk, source, message, own)
    twin = desk.find(source, message.data.upstream_no) or desk.find_any(
        message.data.other_nos or ()
    )
    if twin is not None:
        return contents.join(desk, source, message, twin)
    return contents.create(desk, source, message)


def repeated(desk: IntakeDesk, source: str, message: TicketMessage) -> bool:
    """A rework order whose own number is known already."""
    return isinstance(message, TicketRework) and (
        desk.find_own(source, message.data.upstream_no) is not None
    )


async def put_rank(desk: IntakeDesk, row: Any, message: RankPublished) -> None:
    data = message.data
    await desk.ledger.tx.run(
        queries.PUT_RANK,
        bureau=desk.ledger.tx.bureau,
        scope=data.scope,
        period=data.period,
        rank=data.rank,
        of=data.of,
        score=None if data.score is None else str(data.score),
        source=row.source,
        at=message.timestamp,
        arrival=row.arrival,
    )
