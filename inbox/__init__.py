"""The Django app: remembers what the servers of `mailsink` record, and shows it."""
