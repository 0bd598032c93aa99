"""Moving all that is stored to another database: `mailsink move`.

tables.py: which tables there are, and what their rows amount to. ends.py: the database
that is moved from, and the one that it goes to. copying.py, large_bodies.py: the work.
While something moves, Django's "default" is the database that it goes to: whatever the
rest of the app writes, it writes there.
"""
