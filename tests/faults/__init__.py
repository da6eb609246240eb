"""Commits that fail: not made, or made and their answer lost."""
