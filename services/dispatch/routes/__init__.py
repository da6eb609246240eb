"""The addresses of the dispatch API."""
