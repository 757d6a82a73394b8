"""The shell: everything that touches the world. This page is the way of one mail through the house.

    mailbox ─1 fetch──▶ intake.watch    imap → store.files (raw bytes, fsync'd) → store.messages (ledger)
             2 read     intake.confine  a confined child runs intake.read: parse → unpack → readers → rules.form,
                                        rules.identity; bytes in, a rules.reading.Reading out
             3 match    rules.group, rules.match        which registrant, which submission
             4 judge    rules.complete, rules.deadline  category, materials, missing, status, on time
             5 decide   rules.autoreply, rules.reply    answer or silence, with the reason
             6 commit   intake.pipeline → store.submissions, store.outbox   ONE transaction
    outbox  ─7 deliver─▶ intake.deliver → intake.smtp   queued → sending → sent | deferred | failed | uncertain
    clock    8 report   intake.digest                   the daily report to the office
             9 remind   rules.reminder → intake.reminders → store.outbox   of what is still missing, once for each step
    people   9 decide   intake.clerk → intake.correct, decide, rearrange   facts for good: judged again, answered if due

`intake.daemon` runs these as four loops; `intake.cli` runs each of them once.
"""
