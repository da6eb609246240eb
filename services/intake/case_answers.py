"""Reconciliation as it is answered: to the platform, and to the bureau's own people."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.intake import labels
from services.intake.actions.cases import Case, city_time, our_side, their_side
from services.intake.actions.reconcile import DayListing, Reconciled
from services.intake.rules.reconciling import CaseKind, CaseState, Field, Finding


def reconciled_answer(listing: DayListing, outcome: Reconciled) -> dict[str, Any]:
    """Codes, numbers and times, nothing of another platform's."""
    by_kind: dict[CaseKind, list[dict[str, Any]]] = {kind: [] for kind in CaseKind}
    for one in outcome.comparison.findings:
        case = outcome.cases[(one.upstream_no, one.kind)]
        by_kind[one.kind].append({**finding_answer(one), "case": str(case)})
    return {
        "source": listing.source,
        "day": listing.day.isoformat(),
        "counts": outcome.counts,
        **{kind.value: found for kind, found in by_kind.items()},
        "in_transit": [finding_answer(one) for one in outcome.comparison.on_the_way],
    }


def finding_answer(one: Finding) -> dict[str, Any]:
    said: dict[str, Any] = {"upstream_no": one.upstream_no}
    if one.held is not None:
        said |= {"receipt": one.held.receipt, "status": one.held.status}
    if one.ours is not None:
        said["no"] = one.ours.no
    if one.fields:
        said["fields"] = fields_answer(one.fields, our_side(one), their_side(one.theirs))
    return said


def fields_answer(
    fields: Sequence[str], ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        str(field): {"ours": (ours or {}).get(field), "theirs": (theirs or {}).get(field)}
        for field in fields
    }


def case_answer(case: Case) -> dict[str, Any]:
    """What each side says, who owns it; never anything of a caller's."""
    return {
        "id": str(case["case_id"]),
        "version": case["version"],
        "source": case["source"],
        "upstream_no": case["upstream_no"],
        "no": case["no"],
        "day": case["day"].isoformat(),
        "kind": case["kind"],
        "kind_label": labels.KINDS[CaseKind(case["kind"])],
        "state": case["state"],
        "state_label": labels.STATES[CaseState(case["state"])],
        "fields": list(case["fields"]),
        "field_labels": [labels.FIELDS[Field(one)] for one in case["fields"]],
        "ours": case["ours"],
        "theirs": case["theirs"],
        "owner": {"unit": case["owner_unit"], "person": case["owner_person"]},
        "requests": case["requests"],
        "first_seen_on": case["first_seen_on"].isoformat(),
        "last_seen_on": case["last_seen_on"].isoformat(),
        "opened_at": city_time(case["opened_at"]),
        "closed_at": city_time(case["closed_at"]),
    }


def history_answer(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "seq": row.seq,
            "type": row.type,
            "at": city_time(row.at),
            "by": {"role": row.actor_role, "name": row.actor_name},
            "data": orjson.loads(row.data),
        }
        for row in rows
    ]
