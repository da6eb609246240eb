"""What the services' role may do with each table. It owns nothing and may truncate nothing."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from shared.db.policies import READERS

READ = "SELECT"
APPEND = "SELECT, INSERT"
EDIT = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"

APP_GRANTS: Mapping[str, str] = MappingProxyType(
    {
        "accounts": EDIT,
        "alembic_version": READ,
        "api_keys": EDIT,
        "audit_cuts": READ,
        "audit_entries": APPEND,
        "audit_heads": EDIT,
        "audit_links": APPEND,
        "audit_tickets": APPEND,
        "awaited_roots": ALL,
        "bi_readers": READ,
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
        "erasure_request_tickets": APPEND,
        "erasure_requests": APPEND,
        "erasures": EDIT,
        "fact_progress": ALL,
        "fact_versions": ALL,
        "facts": ALL,
        "freeze_manifests": APPEND,
        "freezes": APPEND,
        "frozen_states": APPEND,
        "frozen_sums": APPEND,
        "idempotency_keys": ALL,
        "inspections": APPEND,
        "legal_hold_tickets": APPEND,
        "legal_holds": EDIT,
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
        "retention_runs": EDIT,
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
# What reports read, by version. The views ask as whoever reads them, under the reader's policies.
VIEW_SCHEMAS = ("bi_v1",)


# Functions that look past the policies: for these roles and nobody else.
GUARDED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "minhu_bureaus": ("minhu_bureaus()", "minhu_app"),
        "minhu_cut_audit": ("minhu_cut_audit(bigint)", "minhu_app"),
        "minhu_key": ("minhu_key(text)", "minhu_app"),
        "minhu_reader_bureau": ("minhu_reader_bureau()", "minhu_app, minhu_bi"),
        "minhu_reader_units": ("minhu_reader_units()", "minhu_bi"),
        "minhu_redact": ("minhu_redact(bigint, text)", "minhu_app"),
        "minhu_session": ("minhu_session(text)", "minhu_app"),
        "minhu_source_bureau": ("minhu_source_bureau(text)", "minhu_app"),
        "minhu_source_secrets": ("minhu_source_secrets()", "minhu_app"),
        "minhu_shed_audit": ("minhu_shed_audit(integer)", "minhu_app"),
        "minhu_tickets_with": ("minhu_tickets_with(text)", "minhu_app"),
        "minhu_versions_known": ("minhu_versions_known(integer[], timestamptz)", "minhu_app"),
    }
)


def grant_statements(
    database: str,
    tables: Collection[str],
    schemas: Collection[str],
    *,
    functions: Collection[str],
    can_maintain: bool,
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
    yield from _guarded(tables, functions)
    for schema in VIEW_SCHEMAS:
        if schema in schemas:
            yield f"GRANT USAGE ON SCHEMA {schema} TO minhu_app, minhu_bi"
            yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO minhu_app, minhu_bi"


def _guarded(tables: Collection[str], functions: Collection[str]) -> Iterator[str]:
    for table in sorted(READERS):
        if table in tables:
            yield f"GRANT SELECT ON {table} TO minhu_bi"
    for name, (signature, roles) in sorted(GUARDED.items()):
        if name in functions:
            # A dump without privileges brings them back as everybody's.
            yield f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"
            yield f"GRANT EXECUTE ON FUNCTION {signature} TO {roles}"
