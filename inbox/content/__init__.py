"""Content that is parsed from a message's octets, for its page and for the API."""
