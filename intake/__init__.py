"""The shell: everything that touches the world. This page is the way of one mail through the house.

    mailbox ─1 fetch──▶ mailbox.watch     IMAP → store.files (raw bytes, fsync'd) → store.messages (the ledger)
             2 read     confined.confine  a confined child runs reading.read: parse → unpack → readers → rules.form,
                                          rules.identity; bytes in, a rules.reading.Reading out
             3 match    rules.group, rules.match          which registrant, which submission
             4 judge    rules.complete, rules.deadline    category, materials, missing, status, on time
             5 decide   rules.autoreply, rules.reply      answer or silence, with the reason
             6 commit   settle, answering → store.submissions, store.replies      ONE transaction
    outbox  ─7 deliver─▶ sending.deliver → sending.smtp   queued → sending → sent | deferred | failed | uncertain
    clock    8 report   office.digest                     the daily report to the office
             9 remind   rules.reminder → office.reminders of what is still missing, once for each step
    people  10 decide   desk.clerk → desk.correct, desk.decide, desk.rearrange    facts for good: judged again

`pipeline` is steps 2 to 6 for all that waits; `daemon` runs everything as four loops; `cli` runs each of them once.
"""
