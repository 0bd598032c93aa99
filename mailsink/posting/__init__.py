"""Calls to web addresses that a person gave: signed, bounded, and to no private address."""
