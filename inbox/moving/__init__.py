"""Moves all stored data to another database: `mailsink move`.

tables.py: the tables, and sums over their rows. ends.py: the source and the target
database. copying.py, large_bodies.py: the work. During a move, Django's "default" is
the target database: everything that the rest of the app writes goes there.
"""
