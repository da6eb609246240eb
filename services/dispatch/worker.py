"""This service's part of the worker: the mailbox of units' systems."""

from services.dispatch.clients.subscribers import SubscriptionMailbox


def open_mailbox() -> SubscriptionMailbox:
    return SubscriptionMailbox()
