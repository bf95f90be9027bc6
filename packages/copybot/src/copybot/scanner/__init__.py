"""The market scanner: what markets there are, how their books stand, which are good enough."""

from copybot.scanner.books import Books
from copybot.scanner.catalogue import Catalogue
from copybot.scanner.screen import Screen

__all__ = ["Books", "Catalogue", "Screen"]
