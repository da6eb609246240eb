"""The addresses of the intake API."""
