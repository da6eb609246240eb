"""Erasure and retention: nothing of a person is left, and every figure stays."""
