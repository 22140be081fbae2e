"""What can go wrong for a caller, by what the caller can do about it. Pure.

Every expected failure is an `ApplicationError` of one family: a stable code, one sentence for a
person, and a context of plain values. One exception handler renders it. A risk denial is no error.
"""

# ruff: noqa: N818 - families are named by what the caller can do, as the error format documents them

from typing import Any, ClassVar


class ApplicationError(Exception):
    """An expected failure: `code` for programs, `message` for people, `context` for both."""

    status: ClassVar[int] = 500

    def __init__(self, code: str, message: str, **context: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.context = context

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "context": self.context}


class InvalidInput(ApplicationError):
    """The request says something that cannot be meant: correct it."""

    status = 400


class Unauthenticated(ApplicationError):
    """Nobody is signed in: sign in."""

    status = 401


class NotAllowed(ApplicationError):
    """Somebody is signed in who may not do this: ask somebody who may."""

    status = 403


class NotFound(ApplicationError):
    """There is no such thing for this person."""

    status = 404


class Conflict(ApplicationError):
    """The thing has moved on since: read it again."""

    status = 409


class Unprocessable(ApplicationError):
    """Well formed, and contradicts what is stored: change the request."""

    status = 422


class TooMany(ApplicationError):
    """Too much at once: wait, then repeat."""

    status = 429


class Unavailable(ApplicationError):
    """Nothing wrong with the request: repeat it later."""

    status = 503
