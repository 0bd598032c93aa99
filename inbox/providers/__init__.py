"""Replies of mail providers as data, and what they mean."""
