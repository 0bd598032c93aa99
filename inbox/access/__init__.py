"""Accounts: who asks, which inboxes they see, and what they may do there."""
