"""The client of the venue: CLOB, Data API, Gamma and the streams, one budget of requests per host."""

from copybot.clob.data import Data, Sweep
from copybot.clob.errors import (
    ClobError,
    ClobLimited,
    ClobMalformed,
    ClobNotFound,
    ClobRefused,
    ClobRestarting,
)
from copybot.clob.gamma import Gamma
from copybot.clob.http import Http
from copybot.clob.orders import Prepared
from copybot.clob.rows import RowError
from copybot.clob.signing import Credentials, LocalSigner, Signer
from copybot.clob.stream import Manner, Stream
from copybot.clob.trading import Contracts, Trading

__all__ = [
    "ClobError",
    "ClobLimited",
    "ClobMalformed",
    "ClobNotFound",
    "ClobRefused",
    "ClobRestarting",
    "Contracts",
    "Credentials",
    "Data",
    "Gamma",
    "Http",
    "LocalSigner",
    "Manner",
    "Prepared",
    "RowError",
    "Signer",
    "Stream",
    "Sweep",
    "Trading",
]
