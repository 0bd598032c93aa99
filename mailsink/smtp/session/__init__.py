"""One session: the facts about it, and the steps that are no command of the client's."""
