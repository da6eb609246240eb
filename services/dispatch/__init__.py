"""派单: from triage to follow-up, for the desk, leaders and unit systems."""
