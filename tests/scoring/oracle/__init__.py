"""The scores once more, slowly, from the definitions alone.

Imports nothing of the project: it reads the log as it lies in `ticket_events` and knows the stored
codes as plain words. Nested loops, no sums kept, nothing shared with what it checks.
"""
