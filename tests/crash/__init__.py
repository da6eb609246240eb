"""Every commit failed once before and once after it: the end is that of an undisturbed run."""
