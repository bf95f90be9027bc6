"""The sequencer feed: stay connected, resume where it stopped, notice silence, gaps and repeats."""

from arbbot.feed.client import FeedClient, FeedRejected
from arbbot.feed.cursor import Cursor, Verdict
from arbbot.feed.patience import Patience

__all__ = ["Cursor", "FeedClient", "FeedRejected", "Patience", "Verdict"]
