"""What lives inside the bot: instruments, health, probes; own thread and loop, standard library only."""
