"""python -m arbbot."""

import sys

from arbbot.cli import main

sys.exit(main())
