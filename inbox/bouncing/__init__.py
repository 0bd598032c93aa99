"""Reports that Mailsink makes about messages: which are asked for, and how they are stored."""
