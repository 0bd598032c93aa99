"""The commands of manage.py; `serve` is the one that starts everything."""
