"""Find the cycles that end with more of their token than they began with."""

from arbbot.detect.detector import Detector

__all__ = ["Detector"]
