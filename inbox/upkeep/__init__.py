"""Background work: indexing, retention, heartbeats of servers."""
