"""TLS: how it begins, what it is made of, and why it fails."""
