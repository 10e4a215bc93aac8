"""What the webhook knows of the cluster, kept in memory by watches."""
