"""The database as a web site (Datasette) with log-in, in which ID and telephone numbers are masked.

    policy.py   tables.yaml → what may be seen of every table and column, under which name
    masked.py   a Datasette database whose SQL reaches masked views only
    gate.py     what stands before the site: sessions, loopback names only, no personal data in addresses
    access.py   who may do what: log-in, rights, and the way to a number in full
    desk.py     what the site asks of the shell: stories, originals as pictures, decisions
    pages.py    a submission, a mail, the mails of ours that wait; originals.py: files of mails; actions.py: the buttons
    site.py     the site itself: titles, descriptions, queries, Chinese pages
"""
