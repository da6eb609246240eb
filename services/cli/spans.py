"""How long, and until when, as an operator writes it."""

import re
from datetime import UTC, date, datetime, time, timedelta

from shared.domain.calendar import CITY_ZONE
from shared.errors import Invalid

SPAN = re.compile(r"(\d{1,5})([mhd])", re.ASCII)
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=3660)


def read_span(given: str) -> timedelta:
    """`30m`, `24h`, `90d`."""
    found = SPAN.fullmatch(given.strip())
    span = int(found[1]) * UNITS[found[2]] if found else timedelta.max
    if span > LONGEST:
        raise Invalid(f"{given} 不是时长，请写如 30m、24h、90d（至多 {LONGEST.days} 天）")
    return span


def read_end(given: str) -> datetime:
    """From now on for so long, or to the end of a day in Shanghai. Of real time."""
    now = datetime.now(UTC)
    if SPAN.fullmatch(given.strip()):
        return now + read_span(given)
    try:
        day = date.fromisoformat(given.strip())
        end = datetime.combine(day + timedelta(days=1), time(), tzinfo=CITY_ZONE)
    except (ValueError, OverflowError):
        raise Invalid(f"{given} 不是到期时间，请写日期（2027-01-31）或时长（90d）") from None
    if not now < end <= now + LONGEST:
        raise Invalid(f"到期时间 {given} 须在今天以后、{LONGEST.days} 天之内")
    return end
