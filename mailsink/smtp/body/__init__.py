"""Receives a message body: finds its end, flags its oddities, and holds its octets."""
