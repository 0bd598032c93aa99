"""Webhooks: addresses that are called on events, their queues, and the calls."""
