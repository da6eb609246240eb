"""Attacks, one test each; `mutations.py` tells what has to break for each to fail."""
