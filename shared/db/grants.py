"""What the services' role may do with each table. It owns nothing and may truncate nothing."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

READ = "SELECT"
APPEND = "SELECT, INSERT"
EDIT = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"

APP_GRANTS: Mapping[str, str] = MappingProxyType(
    {
        "accounts": EDIT,
        "alembic_version": READ,
        "api_keys": EDIT,
        "audit_entries": APPEND,
        "audit_heads": EDIT,
        "audit_links": APPEND,
        "audit_tickets": APPEND,
        "awaited_roots": ALL,
        "bureaus": EDIT,
        "calendar_days": APPEND,
        "calendars": EDIT,
        "callback_log": ALL,
        "callers": EDIT,
        "city_ranks": EDIT,
        "clocks": EDIT,
        "deductions": APPEND,
        "deliveries": ALL,
        "delivery_counts": EDIT,
        "delivery_productions": ALL,
        "emergencies": APPEND,
        "endpoints": EDIT,
        "fact_progress": ALL,
        "fact_versions": ALL,
        "facts": ALL,
        "freeze_manifests": APPEND,
        "freezes": APPEND,
        "frozen_states": APPEND,
        "frozen_sums": APPEND,
        "idempotency_keys": ALL,
        "inspections": APPEND,
        "limits": EDIT,
        "media_items": APPEND,
        "matter_events": APPEND,
        "matter_texts": EDIT,
        "matters": EDIT,
        "notices": APPEND,
        "number_receipts": EDIT,
        "raw_messages": EDIT,
        "redrives": APPEND,
        "reconciliation_case_events": APPEND,
        "reconciliation_cases": EDIT,
        "reconciliation_entries": ALL,
        "reconciliation_pulls": EDIT,
        "reconciliation_requests": EDIT,
        "reconciliations": APPEND,
        "recovery_codes": ALL,
        "sandbox_clock": EDIT,
        "schemes": EDIT,
        "sessions": ALL,
        "sign_in_failures": ALL,
        "source_secrets": EDIT,
        "sources": EDIT,
        "subscription_secrets": EDIT,
        "subscriptions": EDIT,
        "sums": ALL,
        "ticket_events": APPEND,
        "ticket_places": EDIT,
        "ticket_texts": EDIT,
        "ticket_units": APPEND,
        "ticket_upstream_nos": APPEND,
        "tickets": EDIT,
        "transaction_bases": READ,
        "units": EDIT,
        "workers": ALL,
    }
)


# Thrown away and filled again as a whole: who does so looks through them afterwards.
MAINTAINED = ("fact_versions", "facts", "sums")
# What reports read, by version: whoever reads a view needs no right on its tables.
VIEW_SCHEMAS = ("bi_v1",)


def grant_statements(
    database: str, tables: Collection[str], schemas: Collection[str], *, can_maintain: bool
) -> Iterator[str]:
    """`can_maintain`: the server knows that privilege."""
    yield f'GRANT CONNECT ON DATABASE "{database}" TO minhu_app, minhu_bi'
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield "GRANT USAGE ON SCHEMA public TO minhu_app, minhu_bi"
    for table in sorted(tables):
        granted = APP_GRANTS.get(table)
        if granted is not None:
            yield f"GRANT {granted} ON {table} TO minhu_app"
    if can_maintain:
        for table in MAINTAINED:
            if table in tables:
                yield f"GRANT MAINTAIN ON {table} TO minhu_app"
    yield "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO minhu_app"
    for schema in VIEW_SCHEMAS:
        if schema in schemas:
            yield f"GRANT USAGE ON SCHEMA {schema} TO minhu_app, minhu_bi"
            yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO minhu_app, minhu_bi"
