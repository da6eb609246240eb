"""What a message says of a ticket: fields, their order in time, differences."""
