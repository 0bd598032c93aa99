"""Accounts: the caller of a request, the inboxes that they see, and what they may do there."""
