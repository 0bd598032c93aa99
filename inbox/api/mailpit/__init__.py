"""Mailpit's dialect at /api/v1, /api/events and /view: thin adapters of the services of v3."""
