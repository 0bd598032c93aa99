"""The Django app: stores the records of `mailsink`'s servers, and shows them."""
