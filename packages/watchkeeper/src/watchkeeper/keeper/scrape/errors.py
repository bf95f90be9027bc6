"""What can go wrong in a scrape. Each message is kept as the target's last error."""


class ScrapeError(Exception):
    """Root of the scrape room's errors."""


class FetchError(ScrapeError):
    """The target did not answer as it should: refused, timed out, broke off, wrong status."""


class BodyTooLarge(FetchError):
    """The answer is longer than `body_size_limit`."""


class ExpositionError(ScrapeError):
    """The answer is no valid exposition; names the line."""


class LimitExceeded(ScrapeError):
    """Too many samples, too many labels, or too long ones; nothing of the scrape is stored."""


class JobError(ScrapeError):
    """A job, its targets or its relabelling rules are wrong; names the place."""


class ProbeError(ScrapeError):
    """A JSON probe got no JSON object."""
