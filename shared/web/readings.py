"""What a request shows, as the audit log is told of it."""

import re

from fastapi import Request

from shared.domain.actor import Actor
from shared.domain.readings import Reading, ReadingKind
from shared.vault.free_text import hide_people
from shared.web.texts import told_name
from shared.web.tracing import traceparent

CODE = re.compile(r"[A-Za-z0-9_.:+/-]{0,64}|[\u4e00-\u9fff]{2,16}(?:街道|镇|乡)")
CURSORS = frozenset({"cursor", "updated_after"})


def is_code(given: str) -> bool:
    """A code or the name of a street office; not words, and no number of a person's."""
    return CODE.fullmatch(given) is not None and hide_people(given) == given


def reading_of(request: Request, actor: Actor, kind: ReadingKind, **detail: object) -> Reading:
    """`detail`: what was asked for, never what is shown."""
    route = request.scope["route"]
    operation = route.operation_id or route.unique_id
    return Reading(kind, actor, operation, traceparent(request.scope), detail)


def reading_page(request: Request, actor: Actor, kind: ReadingKind) -> Reading:
    """The same for a list: its filters. Of words sought, the length; they may be a citizen's."""
    query = {
        told_name(name): one if name != "q" and is_code(one) else len(one)
        for name, one in request.query_params.items()
        if name not in CURSORS
    }
    return reading_of(request, actor, kind, **({"query": query} if query else {}))
