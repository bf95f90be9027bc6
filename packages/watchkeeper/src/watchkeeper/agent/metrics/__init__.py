"""Instruments, registry, exposition and the collectors of process and runtime."""
