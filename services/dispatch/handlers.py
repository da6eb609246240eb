"""Which deliveries this service hears: none yet. Its work is done where it is asked for."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.worker.deliveries import Handler

HANDLERS: Mapping[str, Handler] = MappingProxyType({})
