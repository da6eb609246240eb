"""受理: platform messages in, tickets out, answers back."""
