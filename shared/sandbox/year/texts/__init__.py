"""The words of the year: what callers say, what units write. Composed from scenes and phrases."""
