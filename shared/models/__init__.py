"""The one schema, as SQLAlchemy Core tables."""

from shared.models.accounts import accounts, recovery_codes, sessions, sign_in_failures
from shared.models.assessment import deductions, inspections, media_items
from shared.models.audit import audit_entries, audit_heads, audit_links, audit_tickets
from shared.models.base import metadata
from shared.models.callbacks import (
    callback_log,
    endpoints,
    subscription_secrets,
    subscriptions,
)
from shared.models.erasure import (
    audit_cuts,
    erasure_request_tickets,
    erasure_requests,
    erasures,
    legal_hold_tickets,
    legal_holds,
    retention_runs,
)
from shared.models.freezing import freeze_manifests, freezes, frozen_states, frozen_sums
from shared.models.matters import matter_events, matter_texts, matters, ticket_places
from shared.models.messages import (
    city_ranks,
    deliveries,
    delivery_counts,
    idempotency_keys,
    raw_messages,
    sandbox_clock,
)
from shared.models.notices import emergencies, notices
from shared.models.operations import delivery_productions, redrives, workers
from shared.models.organisation import (
    api_keys,
    bi_readers,
    bureaus,
    calendar_days,
    calendars,
    limits,
    source_secrets,
    sources,
    units,
)
from shared.models.reconciliation import (
    number_receipts,
    reconciliation_case_events,
    reconciliation_cases,
    reconciliation_entries,
    reconciliation_pulls,
    reconciliation_requests,
    reconciliations,
)
from shared.models.schemes import schemes
from shared.models.scoring import fact_progress, fact_versions, facts, sums
from shared.models.tickets import (
    awaited_roots,
    callers,
    clocks,
    ticket_events,
    ticket_texts,
    ticket_units,
    ticket_upstream_nos,
    tickets,
)
from shared.models.transactions import transaction_bases

__all__ = [
    "accounts",
    "api_keys",
    "audit_cuts",
    "audit_entries",
    "audit_heads",
    "audit_links",
    "audit_tickets",
    "awaited_roots",
    "bi_readers",
    "bureaus",
    "calendar_days",
    "calendars",
    "callback_log",
    "callers",
    "city_ranks",
    "clocks",
    "deductions",
    "deliveries",
    "delivery_counts",
    "delivery_productions",
    "emergencies",
    "endpoints",
    "erasure_request_tickets",
    "erasure_requests",
    "erasures",
    "fact_progress",
    "fact_versions",
    "facts",
    "freeze_manifests",
    "freezes",
    "frozen_states",
    "frozen_sums",
    "idempotency_keys",
    "inspections",
    "legal_hold_tickets",
    "legal_holds",
    "limits",
    "matter_events",
    "matter_texts",
    "matters",
    "media_items",
    "metadata",
    "notices",
    "number_receipts",
    "raw_messages",
    "reconciliation_case_events",
    "reconciliation_cases",
    "reconciliation_entries",
    "reconciliation_pulls",
    "reconciliation_requests",
    "reconciliations",
    "recovery_codes",
    "redrives",
    "retention_runs",
    "sandbox_clock",
    "schemes",
    "sessions",
    "sign_in_failures",
    "source_secrets",
    "sources",
    "subscription_secrets",
    "subscriptions",
    "sums",
    "ticket_events",
    "ticket_places",
    "ticket_texts",
    "ticket_units",
    "ticket_upstream_nos",
    "tickets",
    "transaction_bases",
    "units",
    "workers",
]
