"""Ignore comments: ``# mlgate: ignore[TRN003] reason``."""
