"""The command line: it starts Mailsink, and uses the API of a running one."""
