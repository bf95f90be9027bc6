"""A local Arbitrum: chain node, real DEX contracts, seeded traders, sequencer feed, faults."""
