"""The language of SMTP: grammar, replies, events, masking. Pure, without a session."""
