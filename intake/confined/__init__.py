"""Run a pure function in a limited child process, and trust nothing that comes back."""
