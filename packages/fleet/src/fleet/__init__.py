"""The porch: the only place that knows venues, bots and keeper."""
