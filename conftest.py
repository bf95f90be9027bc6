"""What all tests share: hypothesis tries the same examples in every run, and new ones in the long mode."""

import os
import sys

import pytest
from hypothesis import settings

settings.register_profile("default", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", deadline=None, print_blob=True)
settings.load_profile("long" if os.environ.get("LONG") == "1" else "default")

RECURSION_LIMIT = sys.getrecursionlimit()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Put the interpreter's own recursion limit back.

    A library that some tests import raises it so far that deep input overflows the C stack, which no
    program of the project would see.
    """
    sys.setrecursionlimit(RECURSION_LIMIT)
