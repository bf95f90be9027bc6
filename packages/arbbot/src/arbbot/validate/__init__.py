"""Judge an opportunity before money moves; a refusal is a value with a reason."""

from arbbot.validate.costs import Costs, costs, tiers
from arbbot.validate.impact import impact_bps
from arbbot.validate.judge import REASONS, validate
from arbbot.validate.limits import Gas, Limits, Profile

__all__ = ["REASONS", "Costs", "Gas", "Limits", "Profile", "costs", "impact_bps", "tiers", "validate"]
