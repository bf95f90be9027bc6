"""Operations of the bot: how often, how long, how well, and where the time goes."""
