"""Decisions of the desk: who may be given a ticket, when an action may be dated, what is enough."""
