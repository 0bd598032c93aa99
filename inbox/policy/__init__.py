"""Decides the replies to SMTP clients: known addresses, quota, logins, STARTTLS."""
