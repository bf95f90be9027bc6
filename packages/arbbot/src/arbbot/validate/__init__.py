"""Judge an opportunity before money moves; a refusal is a value with a reason.

    validate(opportunity, market, limits, gas) -> Plan | Refusal
    Limits(...), Limits.of("conservative" | "default" | "aggressive", **changes)
    Gas(price, l1_fee=0, sequence=None)
    REASONS: the fixed set of words that Refusal.reason is one of
"""
