"""Runs the process, with daphne and Twisted, which nothing else knows."""
