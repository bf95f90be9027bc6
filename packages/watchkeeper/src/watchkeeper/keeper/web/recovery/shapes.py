"""The shapes of what is answered."""

from __future__ import annotations

from typing import Literal

import msgspec

from watchkeeper.keeper.verification import VerificationTold


class Verifying(msgspec.Struct, frozen=True, kw_only=True):
    """The verification in the envelope of Prometheus' admin API."""

    status: Literal["success"] = "success"
    data: VerificationTold
