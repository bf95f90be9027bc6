"""Shapes, signatures and rules of the wire; pure: what is asked and the time are arguments."""
