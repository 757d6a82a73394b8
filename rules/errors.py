"""Every error of the project, by what the caller does about it.

    IntakeError
    ├── ConfigError       stop, say file, line and key (exit 78)
    │   └── RuleError     the same, for the survey's files
    ├── TransientError    back off and try again
    └── PermanentError    give this one up, keep it for a person, go on

Anything else is a bug: traceback in the log, quarantine, go on.
"""


class IntakeError(Exception):
    """Base of all errors that the project raises on purpose."""


class ConfigError(IntakeError):
    """A setting is unknown, of the wrong type, or impossible."""

    def __init__(self, message: str, *, path: str | None = None, line: int | None = None, key: str | None = None):
        self.path, self.line, self.key = path, line, key
        place = ":".join(str(part) for part in (path, line) if part is not None)
        super().__init__(" ".join(part for part in (place, key and f"[{key}]", message) if part))


class RuleError(ConfigError):
    """The survey, a reply text or a blank form is not usable."""


class TransientError(IntakeError):
    """It failed now and may work later."""


class PermanentError(IntakeError):
    """It will never work; a person must look."""
