"""Taking personal data out: by date and on request, with a tombstone; legal holds; what is left."""
