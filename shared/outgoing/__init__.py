"""Calls to addresses that others have named: checked, pinned to the checked address, bounded."""

from shared.outgoing.addresses import Reach, RefusedAddress, check_url, reach_of, resolve
from shared.outgoing.client import Answer, Client, Letter, Page, open_client

__all__ = [
    "Answer",
    "Client",
    "Letter",
    "Page",
    "Reach",
    "RefusedAddress",
    "check_url",
    "open_client",
    "reach_of",
    "resolve",
]
