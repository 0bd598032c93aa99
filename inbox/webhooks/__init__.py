"""Webhooks: addresses that are called when something happens, their queues, and the calls."""
