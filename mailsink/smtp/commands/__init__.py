"""The commands that a client may send: one table, and a handler for each of them."""
