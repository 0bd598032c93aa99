"""Content that is read out of a message's octets, for its page and for the API."""
