"""A mailbox full of known mails: what one poll says to the server, and how long it takes."""

import time
from collections import Counter

from build_mailbox import raw_mail
from servers import PASSWORD, NetEase
from service import dovecot, folder, now, settings
from tables import median, show

from intake.mailbox.watch import connect as log_in
from intake.mailbox.watch import watch_once
from store.database import connect
from store.messages import LedgerEntry, enter


def run(count: int, polls: int = 10) -> None:
    """Measure and print."""
    with dovecot() as server, NetEase(server) as proxy, folder("mailbox") as place:
        user = proxy.new_user()
        uids = user.seed([raw_mail(number) for number in range(count)])
        config = settings(place, user)
        database, mailbox = connect(config.database), config.mailboxes[0]
        with log_in(mailbox, PASSWORD, database, now()) as connection:
            folder_ = connection.select("INBOX")
            enter(database, [_known(mailbox.address, folder_.uidvalidity, uid) for uid in uids])
            seconds, said, sent = [], Counter(), 0
            for _ in range(polls):
                proxy.commands.clear()
                before, began = proxy.sent, time.perf_counter()
                report = watch_once(config, mailbox, PASSWORD, database, now, connection)
                seconds.append(time.perf_counter() - began)
                said.update(proxy.commands)
                sent = proxy.sent - before
        database.close()
    commands = ", ".join(f"{name} {times / polls:g}" for name, times in sorted(said.items()))
    fetches = sum(times for name, times in said.items() if "FETCH" in name)
    found = report.folders[0]
    show(f"4. A mailbox of {count} known mails behind 126.com's manners ({polls} polls of one folder)",
         ("", ""),
         [("commands of one poll", commands), ("FETCH commands in all polls", str(fetches)),
          ("seconds a poll, median", f"{median(seconds):.3f}"), ("bytes that the server sends", str(sent)),
          ("mails in the folder, in the ledger, new", f"{found.mails}, {found.ledger}, {found.new}")])


def _known(address: str, uidvalidity: int, uid: int) -> LedgerEntry:
    at = now().isoformat(timespec="seconds")
    return LedgerEntry(address, "INBOX", uidvalidity, uid, f"{uid:064x}", 400, at, at)
