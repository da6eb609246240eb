"""The two platforms of the sample organisation."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient

from tests.factories import Desk
from tests.platform import Platform

Drain = Callable[[], Awaitable[int]]


@pytest.fixture
def city(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "city-12345", secrets["city-12345"])


@pytest.fixture
def district(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "district-platform", secrets["district-platform"])


@pytest.fixture
def desk(dispatch: AsyncClient, keys: dict[str, str]) -> Desk:
    return Desk(dispatch, keys)
