"""Certificates: the authority of mlgate's own, its rotation, and the pair that is served."""
