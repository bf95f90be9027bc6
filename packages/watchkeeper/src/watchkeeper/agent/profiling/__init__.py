"""Where the time goes: stack samples, stalls, heap and present stacks, in pprof's format."""
