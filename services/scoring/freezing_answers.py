"""Manifests and standings of months as they leave."""

from typing import Any

from services.scoring.actions.periods import Standing
from services.scoring.answers import instant_text
from services.scoring.rules.freezing import Freeze
from shared.domain.words import Role


def manifest_body(freeze: Freeze) -> dict[str, Any]:
    """Without figures' hash and count while the copy is still being made."""
    manifest = freeze.manifest
    scheme = None
    if manifest is not None:
        scheme = {"id": manifest.scheme.id, "version": manifest.scheme.version}
    return {
        "period": freeze.period,
        "revision": freeze.revision,
        "rows": None if manifest is None else manifest.rows,
        "sha256": None if manifest is None else manifest.sha256,
        "scheme": scheme,
        "calendar_version": None if manifest is None else manifest.calendar_version,
        "reason": freeze.reason,
        "known_at": instant_text(freeze.known_at),
        "frozen_at": instant_text(freeze.frozen_at),
        "by": freeze.by.name,
        "automatic": freeze.by.role is Role.SYSTEM,
    }


def standing_body(standing: Standing) -> dict[str, Any]:
    period, revisions = standing.period, standing.revisions
    return {
        "period": period.id,
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
        "over": standing.is_over,
        "frozen": bool(revisions),
        "revision": revisions[-1].revision if revisions else None,
        "freezes_at": standing.freezes_at.isoformat(),
        "revisions": [manifest_body(one) for one in revisions],
    }
