"""Mailsink within the projects of others."""
