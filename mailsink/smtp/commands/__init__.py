"""The commands that a client can send: one table, and a handler for each."""
