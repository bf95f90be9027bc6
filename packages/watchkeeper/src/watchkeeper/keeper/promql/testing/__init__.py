"""Running Prometheus' test scripts against this engine."""

from __future__ import annotations

from .memory import MemoryStore
from .run import Outcome, run_script

__all__ = ["MemoryStore", "Outcome", "run_script"]
