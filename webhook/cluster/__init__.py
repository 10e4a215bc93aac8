"""What the webhook does in a live cluster: identity, registration, leader election."""
