"""Outgoing mail: routes, the queue of releases, and their delivery."""
