"""What a message says: Alertmanager's template data, its functions, default texts, and the plain form."""

from watchkeeper.keeper.notify.message.plain import plain_text, subject
from watchkeeper.keeper.notify.message.texts import Texts
from watchkeeper.keeper.notify.message.view import Told, View, view_of

__all__ = ["Texts", "Told", "View", "plain_text", "subject", "view_of"]
