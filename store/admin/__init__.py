"""The database as a read-only web site (Datasette) in which no ID number and no telephone number can be read.

    policy.py   tables.yaml → what may be seen of every table and column, under which name
    masked.py   a Datasette database whose SQL reaches masked views only
    gate.py     what stands before the site: loopback names only, no personal data in addresses, no remote content
    site.py     the site itself: titles, descriptions, queries, Chinese pages
"""
