"""Monitoring and operations for automated trading bots."""
