"""What is the same place: written otherwise, or a few steps away."""

from math import cos, radians, sin

import pytest

from shared.domain.places import (
    Point,
    cell_of,
    cells_around,
    metres_between,
    normalise_address,
)

HERE = Point(121.45, 31.25)


@pytest.mark.parametrize(
    "written",
    [
        "静安区示例路100号",
        "上海市静安区示例路100号",
        "示例路１００号",
        " 静安区 示例路 100 号旁 ",
        "上海市静安区示例路100号附近。",
    ],
)
def test_an_address_is_the_same_however_it_is_written(written: str) -> None:
    assert normalise_address(written) == "示例路100号"


@pytest.mark.parametrize("written", ["示例路10号", "示例路100号对面", "示例路1000号"])
def test_another_address_stays_another(written: str) -> None:
    assert normalise_address(written) != normalise_address("示例路100号")


@pytest.mark.parametrize("written", [None, "", "，。", "附近"])
def test_an_address_that_says_nothing_is_none(written: str | None) -> None:
    assert normalise_address(written) is None


def test_distances_are_those_of_the_map() -> None:
    assert metres_between(HERE, Point(121.45, 31.251)) == pytest.approx(111.3, abs=0.2)
    assert metres_between(HERE, Point(121.451, 31.25)) == pytest.approx(95.2, abs=0.2)


@pytest.mark.parametrize("radius", [50, 100, 250])
@pytest.mark.parametrize("step", range(0, 360, 15))
def test_the_squares_around_hold_everything_within_the_radius(radius: int, step: int) -> None:
    east, north = (radius - 1) * cos(radians(step)), (radius - 1) * sin(radians(step))
    there = Point(HERE.lng + east / 95_165, HERE.lat + north / 111_320)

    assert metres_between(HERE, there) <= radius
    assert cell_of(there) in cells_around(HERE, radius)
