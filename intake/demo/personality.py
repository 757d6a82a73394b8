"""What NetEase's IMAP servers say and refuse, as read in public transcripts and issue threads; pure functions on lines.

Sources: imapclient#544, himalaya#549, offlineimap#696. Nothing here was run against the real 126.com.
"""

import re
from dataclasses import dataclass, field

CAPABILITIES = b"IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ STARTTLS XAPPLEPUSHSERVICE UIDPLUS X-CM-EXT-1"
GREETING = b"* OK Coremail System IMap Server Ready(126com[demo])\r\n"
UNSAFE = b"Unsafe Login. Please contact kefu@188.com"
BAD_LOGIN = b" NO LOGIN Login error or password error\r\n"
IDENTITY = b'* ID ("name" "Coremail Imap" "vendor" "Mailtech" "TransID" "")\r\n'
FLAGS = b"* OK [PERMANENTFLAGS (\\Answered \\Seen \\Deleted \\Draft \\Flagged)] Limited\r\n"
#: commands that NetEase does not know, or (STARTTLS) not on this port
UNKNOWN = frozenset(b"IDLE MOVE UNSELECT NAMESPACE ENABLE ESEARCH SORT THREAD COMPRESS NOTIFY STARTTLS".split())
NEEDS_FOLDER = frozenset(b"SEARCH FETCH STORE COPY EXPUNGE CHECK CLOSE".split())
_HEADER_SEARCH = re.compile(rb"\b(FROM|TO|CC|BCC|SUBJECT|HEADER|BODY|TEXT)\b", re.IGNORECASE)
_FETCH_REPLY = re.compile(rb"\* \d+ FETCH ")
_UID_ITEM = re.compile(rb"\bUID (\d+)")
#: codes in untagged OK that give away the server behind the proxy
_HIDDEN = (b"* OK [UIDNEXT", b"* OK [HIGHESTMODSEQ", b"* OK [MAILBOXID", b"* OK [CLOSED")


@dataclass(slots=True)
class Personality:
    """How the proxy behaves; may be changed while it runs."""

    uidvalidity: int = 1
    #: SELECT and EXAMINE are refused until the client has sent ID
    demands_id: bool = True
    #: SELECT and EXAMINE are refused even to a client that has sent ID
    distrusts: bool = False
    #: answer NO to every LOGIN
    refuses_login: bool = False
    #: bytes sent to the client before a connection is cut, one entry for each coming connection; None: not cut
    cuts: list[int | None] = field(default_factory=list)
    #: UIDs left out of FETCH replies
    omitted: set[int] = field(default_factory=set)
    #: cut the connection when one of these UIDs is fetched with its body
    poisoned: set[int] = field(default_factory=set)
    #: INTERNALDATE strings given instead of the true one, by UID
    dates: dict[int, bytes] = field(default_factory=dict)
    #: seconds before each answer
    delay: float = 0.0

    def hits_poison(self, words: bytes) -> bool:
        """Whether a FETCH with these arguments asks for the body of a poisoned mail."""
        wanted = words.partition(b" ")[0]
        return b"BODY.PEEK" in words.upper() and any(in_set(uid, wanted) for uid in self.poisoned)

    def untagged(self, line: bytes) -> bytes:
        """An untagged reply as NetEase would say it; empty where it would say nothing."""
        upper = line.upper()
        if upper.startswith(b"* CAPABILITY"):
            return b"* CAPABILITY " + CAPABILITIES + b"\r\n"
        if upper.startswith(_HIDDEN):
            return b""
        if upper.startswith(b"* OK [UIDVALIDITY"):
            return b"* OK [UIDVALIDITY %d] UIDs valid\r\n" % self.uidvalidity
        if upper.startswith(b"* OK [PERMANENTFLAGS"):
            return FLAGS
        if upper.startswith(b"* STATUS"):
            return re.sub(rb" ?UIDNEXT \d+", b"", line)
        uid = fetched_uid(line)
        if uid in self.omitted:
            return b""
        if uid in self.dates:
            return re.sub(rb'INTERNALDATE "[^"]*"', b'INTERNALDATE "' + self.dates[uid] + b'"', line)
        return line


@dataclass(slots=True)
class Session:
    """What the server remembers of one client."""

    personality: Personality
    named: bool = False
    selected: bool = False

    def own_answer(self, tag: bytes, name: bytes, words: bytes) -> bytes | None:
        """What NetEase answers differently from other servers; None where the command is passed on."""
        verb = name.rpartition(b" ")[2]
        if verb == b"ID":
            self.named = True
            return IDENTITY + tag + b" OK ID completed\r\n"
        if verb == b"CAPABILITY":
            return b"* CAPABILITY " + CAPABILITIES + b"\r\n" + tag + b" OK CAPABILITY completed\r\n"
        if verb in UNKNOWN or (verb == b"SEARCH" and words.upper().startswith(b"RETURN")):
            return tag + b" BAD command not support\r\n"
        if verb == b"LOGIN" and self.personality.refuses_login:
            return tag + BAD_LOGIN
        if verb in (b"SELECT", b"EXAMINE") and self._is_unsafe():
            self.selected = False
            return tag + b" NO " + verb + b" " + UNSAFE + b"\r\n"
        if verb in NEEDS_FOLDER and not self.selected:
            return tag + b" NO " + verb + b" State error\r\n"
        if verb == b"SEARCH" and _HEADER_SEARCH.search(words):
            return b"* SEARCH\r\n" + tag + b" OK SEARCH completed\r\n"
        if verb == b"CREATE" and b"/" in words:
            return tag + b" NO CREATE failed\r\n"
        return None

    def tagged(self, name: bytes, line: bytes) -> bytes:
        """The last line of a command's answer as NetEase would say it."""
        tag, _, rest = line.partition(b" ")
        if name in (b"SELECT", b"EXAMINE"):
            self.selected = rest.startswith(b"OK")
        if name == b"LOGIN":
            return tag + (b" OK LOGIN completed\r\n" if rest.startswith(b"OK") else BAD_LOGIN)
        return line

    def _is_unsafe(self) -> bool:
        return self.personality.distrusts or (self.personality.demands_id and not self.named)


def parse_command(line: bytes) -> tuple[bytes, bytes, bytes]:
    """(tag, `FETCH` or `UID FETCH`, arguments) of a command line."""
    tag, _, rest = line.strip().partition(b" ")
    name, _, words = rest.partition(b" ")
    if name.upper() == b"UID":
        verb, _, words = words.partition(b" ")
        return tag, b"UID " + verb.upper(), words
    return tag, name.upper(), words


def fetched_uid(line: bytes) -> int | None:
    """The UID of a FETCH reply whose first line this is, or None."""
    found = _UID_ITEM.search(line) if _FETCH_REPLY.match(line) else None
    return int(found[1]) if found else None


def in_set(uid: int, wanted: bytes) -> bool:
    """Whether a UID is in a sequence set such as `5,9:12` (RFC 3501, `sequence-set`)."""
    for piece in wanted.split(b","):
        first, _, last = piece.partition(b":")
        if first.isdigit() and int(first) <= uid <= int(last if last.isdigit() else first):
            return True
    return False
