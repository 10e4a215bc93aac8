"""The HTTPS server: requests bounded and answered, probes, and an orderly end."""
