"""The office's policy, pure: the notice as data, the words of the domain, and every decision.

Nothing here imports another project package, touches the network, the clock or the database, or reads a file other
than the office's own YAML, texts and blank forms.
"""
