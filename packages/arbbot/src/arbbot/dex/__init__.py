"""The exchanges of a chain: routers, factories, tokens and the addresses of their pools."""
