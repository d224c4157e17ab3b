"""What the Python services share: the contract of messages and streams, delivery, and the service frame."""
