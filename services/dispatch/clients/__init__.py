"""Whom this service calls."""
