"""How each route is asked, so that nothing but who asks is left to refuse it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.authorisation.stage import NOBODY_LISTENS, PLAN, SCOPE

SENSELESS = b'{"probe": true}'
WRITES = frozenset({"POST", "PUT", "DELETE", "PATCH"})
KNOWN_SINCE = "2026-11-01T00:00:00%2B08:00"


@dataclass(frozen=True)
class Way:
    """`query` follows the path; `needle` names what an answer shows, and only to some; `keyed`
    sends an Idempotency-Key with the empty body: the thing is looked up only then. `names`
    replaces what the path's own names would mean."""

    query: str = ""
    needle: str | None = None
    keyed: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


NO = "{no}"
ROW = '"key":"sanitation-section"'
FROZEN = '"revision":1'
SHEET = "?period=2026-11"
WAYS: Mapping[str, Way] = {
    "intake GET /v1/callback": Way(needle=NOBODY_LISTENS),
    "intake GET /v1/callback/deliveries": Way(needle=NO),
    "intake POST /v1/callback/deliveries/{delivery}/replay": Way(
        names={"delivery": "platform_delivery"}
    ),
    "intake GET /v1/sources/{source}/deliveries": Way(needle=NO),
    "intake POST /v1/sources/{source}/deliveries/{delivery}/replay": Way(
        names={"delivery": "platform_delivery"}
    ),
    "intake GET /v1/quarantine": Way(needle="{quarantined}"),
    "intake POST /v1/quarantine/{receipt}/redrive": Way(names={"receipt": "quarantined"}),
    "intake GET /v1/reconciliation-cases": Way(needle="{case_id}"),
    "dispatch GET /v1/tickets": Way(needle=NO),
    "dispatch GET /v1/matters": Way(needle="{matter}"),
    "dispatch GET /v1/emergency": Way(needle=str(PLAN["reason"])),
    "dispatch GET /v1/emergency/history": Way(needle=str(PLAN["reason"])),
    "dispatch GET /v1/events": Way("?limit=500", needle=NO),
    "dispatch GET /v1/notices": Way("?limit=500", needle=NO),
    "dispatch GET /v1/dead-letters": Way(needle="{letter}"),
    "dispatch POST /v1/dead-letters/{letter}/redrive": Way(keyed=True),
    "dispatch GET /v1/subscriptions": Way(needle="{subscription}"),
    "scoring GET /v1/scores/check": Way(SHEET),
    "scoring GET /v1/scores": Way(SHEET, needle=ROW),
    "scoring GET /v1/scores/tickets": Way(SHEET + "&metric=repeat_rate&part=den", needle=NO),
    "scoring GET /v1/ranks": Way(SHEET, needle=ROW),
    "scoring GET /v1/periods": Way(needle=FROZEN),
    "scoring GET /v1/periods/{period}": Way(needle=FROZEN, names={"period": "frozen"}),
    "scoring GET /v1/periods/{period}/changes": Way(f"?from_known_at={KNOWN_SINCE}", needle=NO),
    "scoring GET /v1/flags": Way(SHEET),
    "scoring GET /v1/schemes": Way(needle="{scheme}"),
    "scoring GET /v1/city-ranks": Way(needle=SCOPE),
    "scoring GET /v1/facts": Way(needle=NO),
    "scoring GET /v1/inspections": Way(needle="{inspection}"),
    "scoring GET /v1/media-items": Way(needle="{media_item}"),
    "scoring GET /v1/sanitation": Way(SHEET, needle="chengfa-sanitation"),
    "scoring GET /v1/deductions": Way(SHEET, needle="chengfa-sanitation"),
}
ORDINARY = Way()
# What names nothing, wherever it stands in a path.
UNKNOWN = {
    "no": "T20261118-999999",
    "upstream_no": "SH-999999",
    "receipt": "00000000-0000-4000-8000-000000000000",
    "case_id": "00000000-0000-5000-8000-000000000000",
    "delivery": "999999999",
    "source": "nobody-12345",
    "matter": "M-999999",
    "letter": "scoring.999999.1",
    "subscription": "k3Jx0aZr8PqT",
    "scheme": "nobodys-draft",
    "version": "1",
    "inspection": "I-0000000000000000",
    "media_item": "P-0000000000000000",
    "period": "2026-11",
}
