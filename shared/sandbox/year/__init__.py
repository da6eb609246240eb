"""The simulated year 2022 of a bureau: planned purely, driven through the public APIs, scored."""
