"""One session: the facts about it, and the steps that are not client commands."""
