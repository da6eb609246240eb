"""What leaves in bulk: one set of views, read by BI itself and by every file format."""
