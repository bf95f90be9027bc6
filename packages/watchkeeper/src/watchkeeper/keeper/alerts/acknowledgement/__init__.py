"""Acknowledgement: somebody has taken an alert on, until a time or until it is over."""

from watchkeeper.keeper.alerts.acknowledgement.book import Acknowledgement, Acknowledgements

__all__ = ["Acknowledgement", "Acknowledgements"]
