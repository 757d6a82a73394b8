"""Mail goes out, once: compose, pace, send, and know what became of it."""
