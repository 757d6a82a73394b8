"""Everything that came is judged again by the present rules and readers; what people decided and what was sent stays.

    steps     what has happened, in its order: mails that were processed, decisions of people (from `events`)
    shadow    an empty copy of the database, thrown away at the end; nothing in the real one changes until the last step
    walk      each step once more in the shadow: mails are read and taken in, decisions are redone (`redo`)
    identity  whatever is made anew takes the number that it had
    told      what was answered before and is not so any more goes to a person
    compare   how every submission and mail stands there and here
    apply     the differences into the real database, in ONE transaction; nobody is answered, drafts are held
    report    the same for people

A replay that is killed has changed nothing, or everything. It begins anew.
"""
