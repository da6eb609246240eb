"""First words on a ticket, and later ones: created and updated."""

import json
from dataclasses import replace

from services.intake import queries
from services.intake.actions.desk import IntakeDesk, source_actor
from services.intake.mending import Hide, cleaned, compact
from services.intake.reading import caller_of, unknown_fields, word_of
from services.intake.rules.payload import Outcome, Word, compare, spelled, weigh
from services.intake.schemas.messages import ContentMessage, TicketCreated
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import TicketReceived, TicketUpdated
from shared.domain.ticket import Ticket
from shared.domain.words import TicketKind
from shared.tickets import list_entries
from shared.vault.free_text import hide_people

NUMBERS = 1_000_000
IN_WORDS = frozenset({"category", "street", "object_unit"})


def create(desk: IntakeDesk, source: str, message: TicketCreated) -> Ticket:
    """A new ticket. Its number: T, the day of receipt, six digits."""
    data = message.data
    word = word_of(message, data)
    ticket_id = desk.ids.pop()
    caller = caller_of(data.caller)
    mask = desk.seal(ticket_id, caller)
    word = masked_codes(word, mask)
    texts = masked_texts(word, mask)
    raw = unknown_fields(data)
    codes = {**word.codes}
    codes.setdefault("ticket_kind", TicketKind.TRANSFER)
    event = TicketReceived(
        no=f"T{data.received_at.astimezone(CITY_ZONE):%Y%m%d}-{ticket_id % NUMBERS:06d}",
        source=source,
        upstream_no=data.upstream_no,
        received_at=data.received_at,
        has_phone=bool(word.has_phone),
        rank=word.rank,
        carried=(*word.codes, *word.texts, *(("has_phone",) if caller else ())),
        other_nos=data.other_nos or (),
        **{name: value for name, value in codes.items() if value is not None},
    )
    ticket = desk.ledger.open(
        ticket_id,
        event,
        actor=source_actor(source),
        occurred_at=data.received_at,
        texts=texts | ({"raw": masked_json(raw, mask)} if raw else {}),
    )
    desk.remember(ticket, 1, texts)
    return desk.keep(ticket)


async def repeats_first_word(
    desk: IntakeDesk, source: str, message: TicketCreated, ticket: Ticket
) -> bool:
    """Whether the platform began with this very content: sent again, it undoes no later word."""
    await desk.ledger.flush()  # what this very batch has said is looked at too
    logs = await list_entries(desk.ledger.tx, [ticket.ticket_id], known_only=True)
    entries = logs.get(ticket.ticket_id, [])
    word, _ = masked_word(desk, message, ticket, reseal=False)
    number = (source, message.data.upstream_no)
    for entry in entries:
        event = entry.event
        if isinstance(event, TicketReceived) and (event.source, event.upstream_no) == number:
            return is_first_word(desk, message, ticket, event, word)
        if not isinstance(event, TicketUpdated) or not event.link:
            continue
        if (event.source, event.upstream_no) == number:
            told = await queries.entry_texts(desk.ledger.tx, ticket.ticket_id, entry.seq)
            told.pop("raw", None)
            return told == spelled(word, (*word.codes, *word.texts))
    return False


def is_first_word(
    desk: IntakeDesk, message: TicketCreated, ticket: Ticket, first: TicketReceived, word: Word
) -> bool:
    known = desk.texts.get(ticket.ticket_id, {})
    caller = caller_of(message.data.caller)
    return (
        caller == desk.known_callers.get(ticket.ticket_id)
        and {*word.codes, *word.texts} == {*first.carried} - {"has_phone"}
        and all(getattr(first, name) == value for name, value in word.codes.items())
        and all(known.get((1, name)) == body for name, body in word.texts.items())
    )


def update(desk: IntakeDesk, source: str, message: ContentMessage, ticket: Ticket) -> Ticket | None:
    """A later word, or the same platform's other first word; None where it says nothing new.

    Late-but-older words are kept in the log and change nothing.
    """
    word, raw = masked_word(desk, message, ticket)
    outcome = weigh(ticket, desk.standing(ticket), word)
    if isinstance(message, TicketCreated) and outcome.says_nothing_new:
        return None
    return record_update(desk, source, message, ticket, word=word, outcome=outcome, raw=raw)


def join(desk: IntakeDesk, source: str, message: TicketCreated, ticket: Ticket) -> Ticket:
    """The same matter from another platform: one ticket, two numbers (ruling 47)."""
    word, raw = masked_word(desk, message, ticket, reseal=False)
    outcome = compare(ticket, desk.standing(ticket), word)
    data = message.data
    desk.note_receipt(source, data.upstream_no, received_at=data.received_at, at=message.at)
    return record_update(
        desk, source, message, ticket, word=word, outcome=outcome, raw=raw, link=True
    )


def set_aside(desk: IntakeDesk, source: str, message: ContentMessage, master: Ticket) -> Ticket:
    """A later word on a number merged into this ticket: kept, and its first content stands."""
    word, raw = masked_word(desk, message, master, reseal=False)
    outcome = compare(master, desk.standing(master), word)
    return record_update(desk, source, message, master, word=word, outcome=outcome, raw=raw)


def masked_word(
    desk: IntakeDesk, message: ContentMessage, ticket: Ticket, *, reseal: bool = True
) -> tuple[Word, str | None]:
    word = word_of(message, message.data)
    caller = caller_of(message.data.caller)
    if caller is not None and not isinstance(message, TicketCreated):
        caller = caller_of(message.data.caller, known=desk.known_callers.get(ticket.ticket_id))
        word = replace(word, has_phone=caller is not None and caller.number is not None)
    hide = desk.mask_of(ticket, caller)
    if caller is not None and reseal and is_newer(ticket, word):
        desk.seal(ticket.ticket_id, caller)
    texts = masked_texts(word, hide)
    raw = unknown_fields(message.data)
    return replace(masked_codes(word, hide), texts=texts), masked_json(raw, hide) if raw else None


def masked_texts(word: Word, hide: Hide) -> dict[str, str]:
    """An address is the place complained of: there only the caller's own is hidden."""
    return {
        name: hide(body) if name == "address" else hide_people(hide(body))
        for name, body in word.texts.items()
    }


def masked_codes(word: Word, hide: Hide) -> Word:
    """Codes that a platform writes in words of its own go into files and reports."""
    told = {
        name: hide_people(hide(one))
        for name, one in word.codes.items()
        if name in IN_WORDS and isinstance(one, str)
    }
    return replace(word, codes={**word.codes, **told})


def masked_json(raw: str, hide: Hide) -> str:
    """Text by text: a mask laid over the whole would break a number, or miss what is escaped."""
    return compact(cleaned(json.loads(raw), hide))


def is_newer(ticket: Ticket, word: Word) -> bool:
    known = ticket.rank_of("has_phone")
    return known is None or not known.newer_than(word.rank)


def record_update(
    desk: IntakeDesk,
    source: str,
    message: ContentMessage,
    ticket: Ticket,
    *,
    word: Word,
    outcome: Outcome,
    raw: str | None,
    link: bool = False,
) -> Ticket:
    told = {**outcome.aside, **outcome.texts}
    if raw:
        told["raw"] = raw
    event = TicketUpdated(
        source=source,
        upstream_no=message.data.upstream_no,
        changes=outcome.changes,
        rank=word.rank,
        carried=outcome.carried,
        before=outcome.before,
        text_fields=tuple(outcome.texts),
        differs=outcome.differs,
        link=link,
        other_nos=tuple(no for no in message.data.other_nos or () if no not in ticket.other_nos),
    )
    after = desk.ledger.record(
        ticket,
        event,
        actor=source_actor(source),
        occurred_at=min(message.at, desk.ledger.now),
        texts=told,
    )
    desk.remember(after, after.seq, dict(outcome.texts))
    return desk.keep(after)
