"""The errors that a user can meet.

::

    MlopsError
    ├── DeclarationError      what the user declared is wrong (pytest exits with 4)
    └── ToolError             we, or a library or process that we drive, failed: verdict `error`
        ├── MissingExtra      an extra is not installed: verdict `not_run`
        └── SubprocessError   a child process failed or ran out of time; carries the end of its log

    RequirementNotMet         not an error but a verdict: an `AssertionError` with the whole story
"""

from __future__ import annotations


class MlopsError(Exception):
    """Root of the errors of pytest-mlops."""


class DeclarationError(MlopsError):
    """What the user wrote (a declaration, a marker, a limit) is wrong."""


class ToolError(MlopsError):
    """We, or a library or a process that we drive, failed. Never a pass."""


class MissingExtra(ToolError):
    """A check needs a library that is not installed."""

    def __init__(self, *, needs: str, library: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f'{needs} needs {library!r}, which is not installed. Hint: pip install "pytest-mlops[{extra}]"'
        )


class SubprocessError(ToolError):
    """A child process failed; `log` holds the end of what it wrote."""

    def __init__(self, message: str, *, log: str = "") -> None:
        self.log = log
        tail = "\n".join(log.splitlines()[-20:])
        super().__init__(f"{message}\n--- last lines of its log ---\n{tail}" if tail else message)


class RequirementNotMet(AssertionError):
    """At least one requirement of a `require(...)` was not met."""
