"""Who may use the admin pages: names, roles, passwords. Every change is written to the audit trail."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from rules.errors import PermanentError
from store import passwords
from store.database import Database, insert, one, rows, update, writing
from store.processing import add_event

#: each includes those before it: to look (查看), to work (办理), to administer (管理)
ROLES = ("view", "handle", "manage")
#: fewest and most characters of a password; the most keeps a log-in cheap
SHORTEST, LONGEST = 8, 200
_LONGEST_NAME = 32


@dataclass(frozen=True, slots=True)
class User:
    """A person who may log in."""

    id: int
    name: str
    #: one of ROLES
    role: str
    #: may see ID and telephone numbers in full
    full: bool
    created_at: str
    disabled_at: str | None


def all_users(database: Database) -> list[User]:
    """Every user, also those who were shut out, by name."""
    found = rows(database, "SELECT id, name, role, full_numbers, created_at, disabled_at FROM users ORDER BY name")
    return [User(row["id"], row["name"], row["role"], bool(row["full_numbers"]), row["created_at"], row["disabled_at"])
            for row in found]


def anybody(database: Database) -> bool:
    """Whether anybody can log in at all."""
    return one(database, "SELECT 1 FROM users WHERE disabled_at IS NULL") is not None


def add_user(database: Database, name: str, role: str, password: str, now: datetime, actor: str,
             full: bool | None = None) -> None:
    """Enter a person; `full`: see full numbers (None: only who administers). Raises PermanentError, in Chinese."""
    name, full = _checked_name(name), role == "manage" if full is None else full
    _check_password(password, name)
    kept = passwords.hashed(password)
    with writing(database):
        check_new(database, name)
        insert(database, "users", {"name": name, "role": role, "full_numbers": int(full), "password": kept,
                                   "created_at": _stamp(now), "password_at": _stamp(now)})
        add_event(database, now, "user-added", actor=actor, detail={"user": name, "role": role, "full": full})


def change_user(database: Database, name: str, now: datetime, actor: str, role: str | None = None,
                full: bool | None = None) -> None:
    """Another role, or the right to see full numbers; what is None stays. Counts from the next request on."""
    changes = {} if role is None else {"role": role}
    changes |= {} if full is None else {"full_numbers": int(full)}
    with writing(database):
        user = check_known(database, name)
        if changes:
            update(database, "users", user["id"], changes)
            add_event(database, now, "user-changed", actor=actor, detail={"user": user["name"], **changes})


def set_password(database: Database, name: str, password: str, now: datetime, actor: str) -> None:
    """A new password; whoever is logged in under the name must log in again."""
    user = check_known(database, name)
    _check_password(password, user["name"])
    kept = passwords.hashed(password)
    with writing(database):
        update(database, "users", user["id"], {"password": kept, "password_at": _stamp(now)})
        database.conn.execute("DELETE FROM sessions WHERE user_id = ?", [user["id"]])
        add_event(database, now, "user-password", actor=actor, detail={"user": user["name"]})


def disable(database: Database, name: str, now: datetime, actor: str, undo: bool = False) -> None:
    """Shut a person out at once, or (`undo`) let them in again; the name stays for the audit trail."""
    with writing(database):
        user = check_known(database, name)
        update(database, "users", user["id"], {"disabled_at": None if undo else _stamp(now)})
        database.conn.execute("DELETE FROM sessions WHERE user_id = ?", [user["id"]])
        add_event(database, now, "user-enabled" if undo else "user-disabled", actor=actor, detail={"user": user["name"]})


def check_new(database: Database, name: str) -> None:
    """Raise PermanentError where the name is taken or cannot be one."""
    if one(database, "SELECT 1 FROM users WHERE name = ?", [_checked_name(name)]):
        raise PermanentError(f"已有用户“{normal(name)}”。")


def check_known(database: Database, name: str) -> dict:
    """The user's id and name; raises PermanentError where there is none."""
    user = one(database, "SELECT id, name FROM users WHERE name = ?", [normal(name)])
    if user is None:
        raise PermanentError(f"没有用户“{normal(name)}”。")
    return user


def normal(name: str) -> str:
    """A name as it is kept: full-width letters narrow, no blanks around."""
    return unicodedata.normalize("NFKC", name.encode("utf-8", "replace").decode()).strip()


def _checked_name(name: str) -> str:
    name = normal(name)
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or any(char.isspace() for char in name):
        raise PermanentError(f"用户名应为 1 至 {_LONGEST_NAME} 个字，不含空格。")
    if name.lower() in ("daemon", "anonymous"):
        raise PermanentError(f"“{name}”留给系统使用，请换一个用户名。")
    return name


def _check_password(password: str, name: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise PermanentError(f"密码应为 {SHORTEST} 至 {LONGEST} 个字符。")
    if password.casefold() == name.casefold() or len(set(password)) < 4:
        raise PermanentError("密码太容易猜到，请换一个。")


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="seconds")
