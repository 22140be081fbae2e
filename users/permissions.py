"""What a signed-in person's request may do by the scope of its token."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from operations.errors import NotAllowed
from users.authentication import scopes_of
from users.models import Scope


class ScopePermission(BasePermission):
    """Signed in, and the token carries the scope: `read` for safe methods, `trade` for others.

    A view names others as `required_scope = {"POST": "admin"}`, or one for all of them as a string.
    Sessions carry every scope. Scopes limit; they grant nothing their owner may not do.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        needed = scope_needed(view, request.method or "")
        if needed not in scopes_of(request):
            raise NotAllowed("SCOPE_MISSING", f"This token lacks the scope {needed}.", scope=needed)
        return True


def scope_needed(view: Any, method: str) -> str:
    """The scope a view asks of a method."""
    default = Scope.READ if method in SAFE_METHODS else Scope.TRADE
    declared = getattr(view, "required_scope", None) or {}
    return str(declared if isinstance(declared, str) else declared.get(method, default))
