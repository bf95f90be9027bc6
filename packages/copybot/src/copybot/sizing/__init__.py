"""Sizing: how much of a leader's fill is copied."""

from copybot.sizing.rules import Sizing, Tier, sizing_of, sold_share

__all__ = ["Sizing", "Tier", "sizing_of", "sold_share"]
