"""The keeper: the process beside the bots that stores, judges, alerts and shows."""
