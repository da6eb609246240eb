"""Who took a file, and when: in its name and its headers, and the same in the audit log.

Not in the rows: programs read those, and the same question must be answered with the same bytes.
"""

from datetime import datetime
from urllib.parse import quote

from shared.domain.actor import Actor
from shared.domain.calendar import in_city

HEADER = "X-Watermark"


def watermark_of(actor: Actor, now: datetime) -> str:
    """For a header, where Chinese is spelt in percent signs."""
    at = in_city(now).isoformat(timespec="seconds")
    return f'by="{quote(actor.name)}"; key="{actor.key or ""}"; role="{actor.role}"; at="{at}"'


def file_name(stem: str, ending: str, *, actor: Actor, now: datetime) -> str:
    """What is saved tells it by its name: facts-20261118T093000-k7m2p9qd.csv."""
    return f"{stem}-{in_city(now):%Y%m%dT%H%M%S}-{actor.key or actor.role}.{ending}"
