"""What comes in from platforms and administrators, and how it is checked."""
