"""Find the cycles that end with more of their token than they began with.

    Detector(market, base_tokens, max_hops=3)
    .detect(touched, sequence, floor=0, most=8) -> list[Opportunity]   best first
    .refresh(touched)              re-read prices without searching (after reconcile or rewind)
    .cycles: int                   how many pool cycles are watched
"""
