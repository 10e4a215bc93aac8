"""Rules on the cpu and the memory that pods ask for."""
