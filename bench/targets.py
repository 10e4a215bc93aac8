"""How a measured value is held against what is wanted of it."""


def tell(what: str, value: float, bound: float, *, least: bool = False) -> None:
    """Print one value beside its bound, which it may not exceed, or with ``least`` must reach."""
    good = value >= bound if least else value <= bound
    sign = ">=" if least else "<="
    print(f"{'ok  ' if good else 'MISS'} {what}: {value:.3f} (wanted {sign} {bound})")
