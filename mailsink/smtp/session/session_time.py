"""The time limits of a session: how long it waits, and when it must end.

Every wait for the client passes `wait_until`. Times are microseconds since the session
opened.
"""

from __future__ import annotations

from mailsink.smtp.protocol import replies
from mailsink.smtp.session.effects import NEED_INPUT, Effect, SessionEnded
from mailsink.smtp.session.session import NEVER, Session


def deadline(session: Session) -> int:
    """Return when a wait that begins now times out, in microseconds.

    MAILSINK_SMTP_IDLE_TIMEOUT sets the limit (RFC 5321 §4.5.3.2.7).
    """
    return session.now_us() + session.idle_us


def wait_until(session: Session, until: int, wake_at: int = NEVER) -> Effect:
    """Return the effect that waits for the client until a time; raises SessionEnded.

    The wait ends when something arrives or changes, or at wake_at. Both times are in
    microseconds.
    """
    check_time(session)
    if session.eof and not session.output_blocked:
        raise SessionEnded("dropped")
    if session.now_us() >= until:
        raise _idle(session)
    session.wake_at = min(until, session.session_us, wake_at)
    return NEED_INPUT


def check_time(session: Session) -> None:
    """Raise SessionEnded if the session must end: Mailsink stops, or time is up."""
    if session.stop_now:
        raise stopping()
    if session.gave_way_after:
        raise _made_room(session)
    if session.now_us() >= session.session_us:
        seconds = session.profile.session_timeout
        notice = f"The session lasted longer than {seconds:g} seconds."
        raise SessionEnded("timeout", notice, replies.session_too_long(seconds))


def stopping() -> SessionEnded:
    """Return the end of a session because Mailsink stops."""
    return SessionEnded("shutdown", "Mailsink is stopping.", replies.SHUTTING_DOWN)


def _made_room(session: Session) -> SessionEnded:
    seconds = session.gave_way_after
    notice = (
        f"The client was silent for {seconds} seconds, and all connections were in "
        "use: another client was given its place."
    )
    return SessionEnded("timeout", notice, replies.idle(seconds))


def _idle(session: Session) -> SessionEnded:
    idle = session.profile.idle_timeout
    # A partial line: more octets do not extend the time-out.
    if len(session.input) and not session.output_blocked:
        notice = f"The client did not end its line within {idle:g} seconds."
        return SessionEnded("timeout", notice, replies.line_not_ended(idle))
    notice = f"The client was silent for {idle:g} seconds."
    return SessionEnded("timeout", notice, replies.idle(idle))
