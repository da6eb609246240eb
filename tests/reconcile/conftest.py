"""Platforms and the desk, as in the tests of intake."""

from tests.intake.conftest import city, desk, district

__all__ = ["city", "desk", "district"]
