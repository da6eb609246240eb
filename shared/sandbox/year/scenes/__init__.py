"""The matters citizens called about in the simulated year, by trade and by season."""
