"""The city's platform."""

import pytest
from httpx import AsyncClient

from tests.platform import Platform


@pytest.fixture
def city(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "city-12345", secrets["city-12345"])
