"""Component checks, heartbeats and what the probes say."""
