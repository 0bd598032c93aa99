"""Faults that take long: run by `make faults`."""
