"""Unit tests of rules, in promtool's file format."""

from .cases import TestFile, read_tests
from .run import Failed, run_tests

__all__ = ["Failed", "TestFile", "read_tests", "run_tests"]
