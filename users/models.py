"""Who: people with a site role, their API tokens, and the record of sign-ins."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from knox.models import AbstractAuthToken
from knox.settings import CONSTANTS


class User(AbstractUser):  # type: ignore[django-manager-missing]  # the manager of knox's tokens has no types
    """A person. The site role says what they may see and do beyond their own accounts."""

    class SiteRole(models.TextChoices):
        """Roles over the whole site; roles on one account are memberships."""

        MEMBER = "member", "Member"
        RISK_MANAGER = "risk_manager", "Risk manager"
        OPERATOR = "operator", "Operator"
        ADMINISTRATOR = "administrator", "Administrator"

    site_role = models.CharField(max_length=20, choices=SiteRole.choices, default=SiteRole.MEMBER)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(site_role__in=["member", "risk_manager", "operator", "administrator"]),
                name="users_user_site_role",
            ),
        ]

    @property
    def sees_all_accounts(self) -> bool:
        return self.site_role != self.SiteRole.MEMBER


class Scope(models.TextChoices):
    """What a token may be used for; never more than its owner may do."""

    READ = "read", "Read"
    TRADE = "trade", "Trade"
    ADMIN = "admin", "Administer"


class ApiToken(AbstractAuthToken):
    """A program's key: only a digest is kept, it expires, and it can be revoked."""

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=CONSTANTS.DIGEST_LENGTH, unique=True)
    name = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    def usable(self, now: Any = None) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expiry is None or self.expiry > (now or timezone.now()))


class LoginEvent(models.Model):
    """One sign-in, refused sign-in, or sign-out."""

    class Kind(models.TextChoices):
        """What happened at the door."""

        SIGNED_IN = "signed_in", "Signed in"
        REFUSED = "refused", "Refused"
        SIGNED_OUT = "signed_out", "Signed out"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="login_events"
    )
    username = models.CharField(max_length=150, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "at"], name="users_loginevent_user")]

    def __str__(self) -> str:
        return f"{self.username} {self.kind} at {self.at:%Y-%m-%d %H:%M:%S}"
