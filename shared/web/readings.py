"""What a request shows, as the audit log is told of it."""

from fastapi import Request

from shared.domain.actor import Actor
from shared.domain.readings import Reading, ReadingKind
from shared.web.tracing import traceparent

CURSORS = frozenset({"cursor", "updated_after"})


def reading_of(request: Request, actor: Actor, kind: ReadingKind, **detail: object) -> Reading:
    """`detail`: what was asked for, never what is shown."""
    route = request.scope["route"]
    operation = route.operation_id or route.unique_id
    return Reading(kind, actor, operation, traceparent(request.scope), detail)


def reading_page(request: Request, actor: Actor, kind: ReadingKind) -> Reading:
    """The same for a list: its filters, of words sought their length; they may be a citizen's."""
    query = {
        name: len(one) if name == "q" else one
        for name, one in request.query_params.items()
        if name not in CURSORS
    }
    return reading_of(request, actor, kind, **({"query": query} if query else {}))
