"""What the client may say: one table, and a handler for each command."""
