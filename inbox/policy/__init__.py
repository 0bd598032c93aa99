"""Decides how SMTP clients are answered: known addresses, quota, logins, STARTTLS."""
