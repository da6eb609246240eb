"""Random histories of tickets from fixed seeds: all that a figure may depend on comes to pass."""
