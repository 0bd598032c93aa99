"""The engine's other side: a sans-I/O SMTP client, whose sessions are recorded as well."""
