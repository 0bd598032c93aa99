"""What happened, in plain words: replies, flags, lines and whole sessions.

Every sentence that the pages say about the wire is here, once. Functions take rows
or model instances, and return text; nothing here reads the database.
"""

from inbox.services.explain.codes import meaning
from inbox.services.explain.flags import FLAG_WORDS, FlagWords, cures
from inbox.services.explain.following import following
from inbox.services.explain.kinds import KIND_WORDS
from inbox.services.explain.lines import Line, line, lines
from inbox.services.explain.outcomes import Facts, ending, headline, outcome, state
from inbox.services.explain.reasons import reason

__all__ = [
    "FLAG_WORDS",
    "KIND_WORDS",
    "Facts",
    "FlagWords",
    "Line",
    "cures",
    "ending",
    "following",
    "headline",
    "line",
    "lines",
    "meaning",
    "outcome",
    "reason",
    "state",
]
