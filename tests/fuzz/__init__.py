"""Whatever the documents allow, and whatever they do not, sent to every operation of the APIs."""
