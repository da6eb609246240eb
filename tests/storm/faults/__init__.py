"""Faults by seed: each strikes while work is open, and tells whether it did."""
