"""Scraping: targets, the HTTP client, the parsers of what targets expose, staleness."""

from watchkeeper.keeper.scrape.errors import (
    BodyTooLarge,
    ExpositionError,
    FetchError,
    JobError,
    LimitExceeded,
    ProbeError,
    ScrapeError,
)
from watchkeeper.keeper.scrape.exposition import Exemplar, Family
from watchkeeper.keeper.scrape.job import Group, Limits, ScrapeJob
from watchkeeper.keeper.scrape.probe import Prober, fetch_json
from watchkeeper.keeper.scrape.register import Announcement, Register
from watchkeeper.keeper.scrape.relabel import Rule, rule_from
from watchkeeper.keeper.scrape.scraped import OnScrape, Scraped
from watchkeeper.keeper.scrape.scraper import Scraper
from watchkeeper.keeper.scrape.target import Target, TargetStatus

__all__ = [
    "Announcement",
    "BodyTooLarge",
    "Exemplar",
    "ExpositionError",
    "Family",
    "FetchError",
    "Group",
    "JobError",
    "LimitExceeded",
    "Limits",
    "OnScrape",
    "ProbeError",
    "Prober",
    "Register",
    "Rule",
    "ScrapeError",
    "ScrapeJob",
    "Scraped",
    "Scraper",
    "Target",
    "TargetStatus",
    "fetch_json",
    "rule_from",
]
