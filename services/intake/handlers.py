"""Which deliveries this service hears, and the action each one calls."""

from collections.abc import Mapping
from types import MappingProxyType

from services.intake.actions.apply import apply_messages
from services.intake.actions.repeats import gather_tickets
from shared.events.subscriptions import INTAKE, MATTERS
from shared.worker.deliveries import Handler

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {INTAKE: apply_messages, MATTERS: gather_tickets}
)
