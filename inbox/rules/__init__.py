"""Deliberate replies: from rules, and from words in addresses and names."""
