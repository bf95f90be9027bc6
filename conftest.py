"""What all tests share: hypothesis tries the same examples in every run, and new ones in the long mode."""

import os

from hypothesis import settings

settings.register_profile("default", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", deadline=None, print_blob=True)
settings.load_profile("long" if os.environ.get("LONG") == "1" else "default")
