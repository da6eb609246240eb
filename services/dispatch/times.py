"""Times as answered: in the city's own zone, with its offset."""

from datetime import datetime

from shared.domain.calendar import CITY_ZONE


def city_time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(CITY_ZONE).isoformat()
