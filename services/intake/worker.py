"""This service's part of the worker: the platforms' mailbox."""

from services.intake.clients.platform import PlatformMailbox
from shared.identity.sources import SourceStore
from shared.tickets import Hotline


def open_mailbox(hotline: Hotline) -> PlatformMailbox:
    return PlatformMailbox(SourceStore(hotline.database, hotline.keyring))
