"""Book, matching, ledger and settlement; pure: time in milliseconds is an argument, money is micro-units."""
