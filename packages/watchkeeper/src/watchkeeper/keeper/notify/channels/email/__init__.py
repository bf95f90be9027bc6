"""E-mail: the message, and the SMTP session that takes it to a server."""

from watchkeeper.keeper.notify.channels.email.sender import LIMIT, EmailSender, EmailSettings

__all__ = ["LIMIT", "EmailSender", "EmailSettings"]
