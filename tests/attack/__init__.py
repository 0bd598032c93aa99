"""Attacks on a running server, over loopback: what they may cost others, as figures."""
