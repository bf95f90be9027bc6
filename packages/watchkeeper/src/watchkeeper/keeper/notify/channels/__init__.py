"""One module per channel: its settings, what it sends, and what it makes of the answer."""
