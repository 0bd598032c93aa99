"""A message body while it comes: where it ends, what is odd about it, where it is held."""
