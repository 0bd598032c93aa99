"""Commands for other people's projects."""
