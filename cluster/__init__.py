"""The Kubernetes API as both fronts use it: client and discovery."""
