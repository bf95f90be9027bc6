"""Markets, fair values, a crowd, leaders and the history of it all; pure: time and seed are arguments."""
