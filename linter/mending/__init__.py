"""Fixes made in files' texts."""
