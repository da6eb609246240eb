"""The storm: real processes under faults by seed, and ledgers of those who were answered."""
