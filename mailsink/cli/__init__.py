"""The command line: it starts Mailsink, and asks one that runs by its API."""
