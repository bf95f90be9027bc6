"""The venue's HTTP and websocket doors: thin layers over world and wire, with faults in between."""
