"""Pieces of HTTP that all kinds of answers share: files, streams, problems, origins."""
