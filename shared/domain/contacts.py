"""When the duty to call the citizen was done (contract ruling 6)."""

from datetime import date, datetime

from shared.domain.calendar import CITY_ZONE
from shared.domain.parts import Contact
from shared.domain.words import ClockOutcome, ContactResult

UNREACHED_TRIES = 3
UNREACHED_HALF_DAYS = 2
NOON = 12


def contact_end(contacts: tuple[Contact, ...]) -> tuple[datetime, ClockOutcome] | None:
    """The earliest instant at which the duty to call was done, and how."""
    contact = effective_contact(contacts)
    if contact is None:
        return None
    reached = contact.result is ContactResult.REACHED
    return contact.at, ClockOutcome.MET if reached else ClockOutcome.UNREACHED


def effective_contact(contacts: tuple[Contact, ...]) -> Contact | None:
    """The first call that got through, or the try that made tries enough (ruling 6)."""
    half_days: set[tuple[date, bool]] = set()
    tries = 0
    for contact in sorted(contacts, key=lambda contact: (contact.at, contact.seq)):
        if contact.result is ContactResult.REACHED:
            return contact
        if contact.reason_code is None:
            continue
        tries += 1
        local = contact.at.astimezone(CITY_ZONE)
        half_days.add((local.date(), local.hour < NOON))
        if tries >= UNREACHED_TRIES and len(half_days) >= UNREACHED_HALF_DAYS:
            return contact
    return None
