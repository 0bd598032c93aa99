"""The language of SMTP: grammar, replies, events, masking. Pure; knows no session."""
