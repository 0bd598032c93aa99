"""Replies of mail providers as data, with their meanings."""
