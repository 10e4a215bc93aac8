"""Documents through the engine, over one process or several: findings as rows, counts."""
