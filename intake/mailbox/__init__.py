"""Mail comes in: IMAP and files, raw bytes on disk, and the ledger."""
