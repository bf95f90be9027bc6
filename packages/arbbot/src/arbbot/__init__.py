"""An Arbitrum arbitrage bot: frame, decode, pools, detect, validate, execute."""
