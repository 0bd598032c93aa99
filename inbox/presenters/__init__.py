"""Turns stored rows into the values that templates show."""
