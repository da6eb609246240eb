"""A request carried out: written down first, then batch by batch. A try is all of it, undone."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from shared.domain.actor import Actor
from shared.domain.words import ErasureCause
from shared.erasure.erasing import Order
from shared.erasure.journal import list_tombstones, write_journal
from shared.erasure.requests import (
    ALL_PARTS,
    Outcome,
    Wanted,
    ask,
    carry_out,
    erase_messages,
    find_ids,
    find_messages_of,
    find_of_caller,
    hashes_of,
    look_at,
    read_callers,
)
from shared.tickets import Hotline, Ledger

BATCH = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """`messages`: those of the caller's that came to no ticket."""

    wanted: Wanted
    messages: list[str] = field(default_factory=list)
    cause: ErasureCause = ErasureCause.REQUEST


@dataclass(frozen=True, slots=True)
class Told:
    outcomes: list[Outcome]
    messages: int = 0


class Undone(Exception):
    """Ends a try: the transaction is rolled back."""


async def find_callers_own(ledger: Ledger, *, ticket: str | None, phone: str | None) -> Asked:
    """All tickets of whoever called that ticket, or has that number. Without a number: it alone."""
    tx, own = ledger.tx, []
    if ticket is not None:
        own = list((await find_ids(tx, [ticket])).values())
        callers = await read_callers(tx, ledger.keyring, own)
        phone = next((one.number for one in callers.values()), None)
    if phone is None:
        return Asked(dict.fromkeys(own, ALL_PARTS))
    hashes = hashes_of(ledger.keyring, phone)
    ids = sorted({*own, *await find_of_caller(tx, hashes)})
    messages = await find_messages_of(tx, ledger.keyring, hashes)
    return Asked(dict.fromkeys(ids, ALL_PARTS), messages)


async def carry_out_all(
    hotline: Hotline, bureau: int, asked: Asked, *, actor: Actor, reason: str, dry: bool
) -> Told:
    """What a kill leaves undone stands as a request, and the worker goes on with it."""
    async with hotline.ledger(bureau, writing=False) as ledger:
        seen = await look_at(ledger.tx, asked.wanted)
    left = {one.ticket_id: asked.wanted[one.ticket_id] for one in seen if not one.is_covered}
    if not left and not asked.messages:
        return Told(seen)
    covered = [one for one in seen if one.is_covered]
    told: list[Outcome] = []
    try:
        async with hotline.ledger(bureau) as ledger:
            order = await ask(ledger, left, cause=asked.cause, actor=actor, reason=reason)
            messages = await erase_messages(ledger, asked.messages, order)
            if dry:
                for batch in batches(left):
                    told += await carry_out(ledger, batch, order)
                raise Undone
    except Undone:
        return Told(sorted([*covered, *told], key=number), messages)
    for batch in batches(left):
        told += await _carry_out(hotline, bureau, batch, order)
    return Told(sorted([*covered, *told], key=number), messages)


async def _carry_out(hotline: Hotline, bureau: int, batch: Wanted, order: Order) -> list[Outcome]:
    async with hotline.ledger(bureau) as ledger:
        return await carry_out(ledger, batch, order)


def number(outcome: Outcome) -> str:
    return outcome.no


def batches(wanted: Wanted) -> Iterator[Wanted]:
    """In the order of their ids, as everybody locks them."""
    ids = iter(sorted(wanted))
    while some := list(islice(ids, BATCH)):
        yield {one: wanted[one] for one in some}


async def write_down(hotline: Hotline, bureau: int) -> None:
    """Outside the database too, for whoever restores a backup."""
    folder = hotline.settings.audit_folder
    if folder is None:
        return
    async with hotline.database.transaction(bureau, writing=False) as tx:
        lines = await list_tombstones(tx)
    await asyncio.to_thread(write_journal, folder, bureau, lines)
