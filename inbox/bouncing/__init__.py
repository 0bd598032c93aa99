"""Reports that Mailsink makes about messages: which ones are requested, and how they
are stored.
"""
