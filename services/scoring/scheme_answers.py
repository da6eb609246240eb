"""Schemes and ranks as they leave: points as decimal text, names in Chinese."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.scoring import labels
from services.scoring.rules.scheme_data import write_scheme
from services.scoring.rules.versions import ALWAYS, Version, state_of
from shared.domain.calendar import CITY_ZONE


def version_body(version: Version, versions: Sequence[Version], *, now: datetime) -> dict[str, Any]:
    """`versions`: all of the same scheme."""
    scheme = version.scheme
    always = version.effective_from == ALWAYS
    return {
        "id": scheme.id,
        "version": scheme.version,
        "title": labels.SCHEMES[scheme.id] if version.title is None else version.title,
        **write_scheme(scheme),
        "state": state_of(version, versions, now=now).value,
        "author": version.author,
        "created_at": time_text(version.created_at),
        "effective_from": None if always else time_text(version.effective_from),
        "approved_by": version.approved_by,
        "activated_at": time_text(version.activated_at),
    }


def version_bodies(versions: Sequence[Version], *, now: datetime) -> list[dict[str, Any]]:
    """Each among the versions of its own scheme."""
    kin: dict[str, list[Version]] = {}
    for one in versions:
        kin.setdefault(one.scheme.id, []).append(one)
    return [version_body(one, kin[one.scheme.id], now=now) for one in versions]


def time_text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(CITY_ZONE).isoformat()
