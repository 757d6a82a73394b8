"""What can go wrong with a mailbox, by what the watch does about it.

    TransientError
    ├── Refused           NO or BAD to one command: go on with the next folder or mail
    └── ConnectionLost    close the connection, back off, open another
        └── Unreachable   the same, and no log-in was used up
    PermanentError
    ├── AuthFailed        a person must make a new 授权码; try again after long pauses only
    ├── UnsafeLogin       a person must talk to NetEase; the same
    └── FolderMissing     report it, go on with the other folders
"""

from rules.errors import PermanentError, TransientError


class AuthFailed(PermanentError):
    """The server refuses name and password: a person must make a new 授权码 or switch the service on."""


class UnsafeLogin(PermanentError):
    """NetEase lets the client log in, but not open a folder."""


class FolderMissing(PermanentError):
    """The server has no folder of that name."""


class Refused(TransientError):
    """The server answered NO or BAD to one command; the connection goes on."""


class ConnectionLost(TransientError):
    """The connection is dead or what came over it cannot be understood; open another."""


class Unreachable(ConnectionLost):
    """No connection came about, so no log-in was tried."""
