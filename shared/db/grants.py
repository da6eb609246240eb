"""What the services' role may do with each table. It owns nothing and may truncate nothing."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

READ = "SELECT"
APPEND = "SELECT, INSERT"
EDIT = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"

APP_GRANTS: Mapping[str, str] = MappingProxyType(
    {
        "alembic_version": READ,
        "api_keys": EDIT,
        "awaited_roots": ALL,
        "bureaus": EDIT,
        "calendar_days": APPEND,
        "calendars": EDIT,
        "callers": EDIT,
        "city_ranks": EDIT,
        "clocks": EDIT,
        "deductions": APPEND,
        "deliveries": ALL,
        "delivery_counts": EDIT,
        "emergencies": APPEND,
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
        "raw_messages": EDIT,
        "sandbox_clock": EDIT,
        "schemes": EDIT,
        "source_secrets": EDIT,
        "sources": EDIT,
        "sums": ALL,
        "ticket_events": APPEND,
        "ticket_places": EDIT,
        "ticket_texts": EDIT,
        "ticket_units": APPEND,
        "ticket_upstream_nos": APPEND,
        "tickets": EDIT,
        "units": EDIT,
    }
)


def grant_statements(database: str, tables: Collection[str]) -> Iterator[str]:
    yield f'GRANT CONNECT ON DATABASE "{database}" TO minhu_app, minhu_bi'
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield "GRANT USAGE ON SCHEMA public TO minhu_app, minhu_bi"
    for table in sorted(tables):
        granted = APP_GRANTS.get(table)
        if granted is not None:
            yield f"GRANT {granted} ON {table} TO minhu_app"
    yield "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO minhu_app"
