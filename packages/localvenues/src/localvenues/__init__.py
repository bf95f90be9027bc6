"""Local venues that speak the true wires on loopback."""
