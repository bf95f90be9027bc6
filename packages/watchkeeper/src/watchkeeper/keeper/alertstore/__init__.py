"""The rows of alerting: what a keeper must know again after it was killed.

AlertStoreError
└── AlertStoreUnwritable    the file cannot be opened or written
"""

from watchkeeper.keeper.alertstore.errors import AlertStoreError, AlertStoreUnwritable
from watchkeeper.keeper.alertstore.store import AlertStore

__all__ = ["AlertStore", "AlertStoreError", "AlertStoreUnwritable"]
