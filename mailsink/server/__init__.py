"""Runs the process, with daphne and Twisted. No other package uses them."""
