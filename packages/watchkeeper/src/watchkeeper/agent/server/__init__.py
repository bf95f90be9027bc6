"""The small HTTP server that answers probes and scrapes."""
