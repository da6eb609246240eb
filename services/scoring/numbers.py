"""Numbers and instants as text."""

from datetime import datetime
from decimal import Decimal

from shared.domain.calendar import CITY_ZONE


def number_text(value: Decimal, *, places: int | None = None) -> str:
    """Never in exponents; as short as it goes where no places are asked for."""
    return f"{value.normalize():f}" if places is None else f"{value:.{places}f}"


def hundredths(value: Decimal | None) -> str | None:
    return None if value is None else number_text(value, places=2)


def instant_text(at: datetime) -> str:
    """Known-at times are told to the microsecond."""
    return at.astimezone(CITY_ZONE).isoformat(timespec="microseconds")
