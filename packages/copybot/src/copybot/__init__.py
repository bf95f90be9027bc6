"""A Polymarket copy-trading bot: follow wallets, size, judge, execute, keep the books."""
