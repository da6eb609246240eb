"""Who was shown what: recorded as it happens, linked into a chain afterwards."""
