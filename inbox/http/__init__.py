"""Pieces of HTTP that every kind of answer shares: files, streams, problems, origins."""
