"""Receiving, applying and mending platforms' messages."""
