"""An old data folder: 5,000 messages, in the tables as they were before columns were renamed.

`python -m tests.old_data make` fills the empty database of MAILSINK_DATA, or of
MAILSINK_DATABASE_URL, at the migration of that time; `python -m tests.old_data open`
migrates it as `serve` does. Both print what it holds then.
"""
