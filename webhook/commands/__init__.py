"""The commands of the webhook: serve, review, webhook-config, webhook-check."""
