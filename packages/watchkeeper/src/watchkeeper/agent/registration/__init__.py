"""The agent announces its bot to the keeper that KEEPER_URL names."""
