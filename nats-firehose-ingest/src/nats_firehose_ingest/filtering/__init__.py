"""What of the messages is published, and in what language they are."""
