"""Where two tickets speak of the same place (domain §8): the same address, or near enough."""

import math
import unicodedata
from dataclasses import dataclass

METRES_A_DEGREE = 111_320.0
CELL = 0.001  # degrees; about 111 m north to south
HALF_WORLD = 400_000  # more cells than a parallel or a meridian has
# The city and the district go without saying, and so does "beside".
PREFIXES = ("上海市", "上海", "静安区")
SUFFIXES = ("附近", "旁边", "门口", "门前", "旁", "处", "内")


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees; the platforms' coordinates are all of one system."""

    lng: float
    lat: float


def normalise_address(address: str | None) -> str | None:
    """Widths, blanks, punctuation, the city's name and "beside" make no difference."""
    text = unicodedata.normalize("NFKC", address or "").casefold()
    text = "".join(char for char in text if char.isalnum())
    for prefix in PREFIXES:
        text = text.removeprefix(prefix)
    for suffix in SUFFIXES:
        text = text.removesuffix(suffix)
    return text or None


def metres_between(one: Point, other: Point) -> float:
    """On a plane that touches the earth there: exact enough within a city."""
    middle = math.radians((one.lat + other.lat) / 2)
    east = (one.lng - other.lng) * math.cos(middle) * METRES_A_DEGREE
    north = (one.lat - other.lat) * METRES_A_DEGREE
    return math.hypot(east, north)


def cell_of(point: Point) -> int:
    """The number of a small square, for looking up what lies near."""
    return math.floor(point.lat / CELL) * HALF_WORLD + math.floor(point.lng / CELL)


def cells_around(point: Point, radius: int) -> list[int]:
    """The squares that anything within `radius` metres of the point lies in."""
    shrink = max(math.cos(math.radians(point.lat)), 0.1)
    north = math.ceil(radius / (CELL * METRES_A_DEGREE))
    east = math.ceil(radius / (CELL * METRES_A_DEGREE * shrink))
    middle = cell_of(point)
    return [
        middle + row * HALF_WORLD + column
        for row in range(-north, north + 1)
        for column in range(-east, east + 1)
    ]
