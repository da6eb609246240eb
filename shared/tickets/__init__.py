"""Tickets as they lie in Postgres, and the one door to them."""

from shared.tickets.hotline import Hotline
from shared.tickets.ledger import Ledger
from shared.tickets.loading import (
    FOLD,
    find_masters,
    find_tickets,
    list_entries,
    lock_ids,
    lock_no,
    read_folds,
)
from shared.tickets.rulebooks import Rulebooks

__all__ = [
    "FOLD",
    "Hotline",
    "Ledger",
    "Rulebooks",
    "find_masters",
    "find_tickets",
    "list_entries",
    "lock_ids",
    "lock_no",
    "read_folds",
]
