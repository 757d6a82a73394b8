"""Who is logged in, and how often somebody tried in vain: both in the database, so that a restart forgets neither.

Of a session's token only the SHA-256 is kept: whoever reads the database cannot log in with it. Failures are counted
under two bytes of a hash of the name: a name that does not exist is held up like one that does, nothing that was typed
(a password in the wrong field) is kept, and the table cannot grow without bound.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.database import Database, one, writing
from store.processing import add_event
from store.users import normal

#: failures under one name that cost nothing; each further one doubles the wait
_FREE_FAILURES = 5
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)
#: after so long a name's failures are forgotten
_FORGOTTEN_AFTER = timedelta(hours=24)
#: failures under all names together within the window
_TOTAL_FAILURES, _TOTAL_WINDOW = 60, timedelta(minutes=15)
_TOTAL = "total"
#: how exactly the last use of a session is known: a page need not wait for a writer each time
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts."""

    #: without a request
    idle: timedelta = timedelta(minutes=60)
    #: in any case
    longest: timedelta = timedelta(hours=12)


def begin_attempt(database: Database, name: str, now: datetime) -> timedelta | None:
    """Count an attempt as failed before it is looked at; returns how long the name must wait, or None to go on."""
    bucket = _bucket(name)
    with writing(database):
        waits = [wait for wait in (_wait(database, bucket, now), _wait(database, _TOTAL, now)) if wait]
        if waits:
            return max(waits)
        failures = _count(database, bucket, now, _FORGOTTEN_AFTER)
        if failures >= _FREE_FAILURES:
            wait = min(_FIRST_WAIT * 2 ** min(failures - _FREE_FAILURES, 10), _LONGEST_WAIT)
            _hold_up(database, bucket, now + wait)
        if _count(database, _TOTAL, now, _TOTAL_WINDOW) >= _TOTAL_FAILURES:
            _hold_up(database, _TOTAL, now + _TOTAL_WINDOW)
            add_event(database, now, "login-blocked", actor="anonymous")
    return None


def user_named(database: Database, name: str) -> dict | None:
    """The user (id, name, password) who may log in under the name, or None."""
    return one(database, "SELECT id, name, password FROM users WHERE name = ? AND disabled_at IS NULL", [normal(name)])


def failed(database: Database, user: dict | None, now: datetime) -> None:
    """Write down that a log-in failed; a name that nobody bears is not written down."""
    with writing(database):
        add_event(database, now, "login-failed", actor=user["name"] if user else "anonymous")


def begin(database: Database, user: dict, now: datetime, lifetime: Lifetime) -> str | None:
    """Open a session and return its token; None where the person was shut out, or the password changed, meanwhile."""
    token, bucket = secrets.token_urlsafe(32), _bucket(user["name"])
    with writing(database):
        if user_named(database, user["name"]) != user:
            return None
        # the failures were this person's own: they count against nobody
        database.conn.execute("UPDATE login_attempts SET failures = max(failures - coalesce((SELECT failures FROM "
                              "login_attempts WHERE bucket = ?), 0), 0) WHERE bucket = ?", [bucket, _TOTAL])
        database.conn.execute("DELETE FROM login_attempts WHERE bucket = ?", [bucket])
        database.conn.execute("DELETE FROM sessions WHERE julianday(seen_at) < julianday(?) OR "
                              "julianday(began_at) < julianday(?)",
                              [(now - lifetime.idle).isoformat(), (now - lifetime.longest).isoformat()])
        database.conn.execute("INSERT INTO sessions (token, user_id, began_at, seen_at) VALUES (?, ?, ?, ?)",
                              [_digest(token), user["id"], now.isoformat(), now.isoformat()])
        add_event(database, now, "login", actor=user["name"])
    return token


def actor_of(database: Database, token: str, now: datetime, lifetime: Lifetime) -> dict | None:
    """`{"id": name, "role": code, "full": bool}` of whom the token belongs to, or None where it is not valid (any more).

    Role and rights are read anew each time: what is taken from a person counts at once.
    """
    found = one(database, "SELECT s.began_at, s.seen_at, u.name, u.role, u.full_numbers FROM sessions s JOIN users u ON "
                "u.id = s.user_id WHERE s.token = ? AND u.disabled_at IS NULL", [_digest(token)])
    if found is None:
        return None
    seen = datetime.fromisoformat(found["seen_at"])
    if now - seen > lifetime.idle or now - datetime.fromisoformat(found["began_at"]) > lifetime.longest:
        return None
    if now - seen > _SEEN_EVERY:
        database.conn.execute("UPDATE sessions SET seen_at = ? WHERE token = ?", [now.isoformat(), _digest(token)])
    return {"id": found["name"], "role": found["role"], "full": bool(found["full_numbers"])}


def end(database: Database, token: str, now: datetime) -> None:
    """Log out."""
    with writing(database):
        found = one(database, "SELECT u.name FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token = ?",
                    [_digest(token)])
        if found:
            database.conn.execute("DELETE FROM sessions WHERE token = ?", [_digest(token)])
            add_event(database, now, "logout", actor=found["name"])


def _wait(database: Database, bucket: str, now: datetime) -> timedelta | None:
    found = one(database, "SELECT until FROM login_attempts WHERE bucket = ? AND until IS NOT NULL", [bucket])
    left = datetime.fromisoformat(found["until"]) - now if found else timedelta(0)
    # a longer wait than any that we set: the clock was wrong then
    return left if timedelta(0) < left <= _LONGEST_WAIT else None


def _count(database: Database, bucket: str, now: datetime, window: timedelta) -> int:
    found = one(database, "SELECT failures, since FROM login_attempts WHERE bucket = ?", [bucket])
    age = abs(now - datetime.fromisoformat(found["since"])) if found else window
    failures, since = (found["failures"] + 1, found["since"]) if age < window else (1, now.isoformat())
    database.conn.execute("INSERT OR REPLACE INTO login_attempts (bucket, failures, since) VALUES (?, ?, ?)",
                          [bucket, failures, since])
    return failures


def _hold_up(database: Database, bucket: str, until: datetime) -> None:
    database.conn.execute("UPDATE login_attempts SET until = ? WHERE bucket = ?", [until.isoformat(), bucket])


def _bucket(name: str) -> str:
    return hashlib.sha256(normal(name).casefold().encode()).hexdigest()[:4]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
