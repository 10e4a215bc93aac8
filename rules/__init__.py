"""The rule engine: what is wrong with a machine-learning workload on Kubernetes, and its mend."""

VERSION = "0.1.0"

DISTRIBUTION = "mlgate"
"""Tells this package from others of its name."""
