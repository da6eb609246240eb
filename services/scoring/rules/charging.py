"""From facts to what may be charged: the states of each round, with the address as it then was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.scoring.rules.deductions import Charged
from services.scoring.rules.fact import Fact
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import Entry, TicketReceived, TicketUpdated

ADDRESS = "address"


def charged_rounds(
    rounds: Iterable[Sequence[Fact]],
    log: Iterable[Entry],
    *,
    addresses: Mapping[int, str | None],
    positions: Mapping[int, int],
) -> dict[int, list[Charged]]:
    """By round, every state from its first completion on, also where only the address is new.

    `addresses` and `positions` are by entry.
    """
    wordings = [
        (entry.seq, entry.recorded_at, addresses.get(entry.seq))
        for entry in sorted(log, key=lambda entry: entry.seq)
        if _words_address(entry)
    ]
    return {
        states[0].round: _with_addresses(states, wordings, positions=positions)
        for states in rounds
        if states
    }


def _words_address(entry: Entry) -> bool:
    event = entry.event
    if isinstance(event, TicketUpdated):
        return ADDRESS in event.text_fields
    return isinstance(event, TicketReceived) and ADDRESS in entry.texts


def _with_addresses(
    states: Sequence[Fact],
    wordings: Sequence[tuple[int, datetime, str | None]],
    *,
    positions: Mapping[int, int],
) -> list[Charged]:
    facts = {fact.seq: fact for fact in states}
    told = {seq: (at, body) for seq, at, body in wordings}
    found: list[Charged] = []
    fact: Fact | None = None
    address: str | None = None
    known_from: datetime | None = None
    for seq in sorted({*facts, *told}):
        fact = facts.get(seq, fact)
        at, address = told.get(seq, (None, address))
        if fact is None:
            continue
        latest = [one for one in (known_from, at, fact.known_from) if one is not None]
        known_from = max(latest)
        found.append(
            replace(
                _charged(fact, address), seq=seq, position=positions[seq], recorded_at=known_from
            )
        )
    return [one for one in found if one.month is not None]


def _charged(fact: Fact, address: str | None) -> Charged:
    done, due = fact.completed_at, fact.complete_due
    return Charged(
        seq=fact.seq,
        position=0,
        recorded_at=fact.known_from,
        month=None if done is None else month_number(done),
        trade=fact.trade,
        street=fact.street,
        address=address,
        fact_finding=fact.fact_finding,
        is_late=done is not None and due is not None and done > due,
        is_repeat=fact.repeat_of is not None,
        out=fact.removed or ("excluded" if fact.excluded_for is not None else None),
        appeals=frozenset(fact.appeals.split()),
    )


def month_number(at: datetime) -> int:
    """202611."""
    local = at.astimezone(CITY_ZONE)
    return local.year * 100 + local.month
