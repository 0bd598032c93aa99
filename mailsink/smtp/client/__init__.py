"""The engine's client side: a sans-I/O SMTP client whose sessions are also recorded."""
