"""A replica's part in its cluster: election, reconciling, the other replicas, permissions."""
