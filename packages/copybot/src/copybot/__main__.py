"""python -m copybot."""

import sys

from copybot.cli import main

sys.exit(main())
