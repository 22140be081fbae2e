"""What the tables of users refuse by themselves."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from users.models import User

pytestmark = pytest.mark.django_db


def test_a_role_that_does_not_exist(alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=alice.pk).update(site_role="king")


def test_only_site_roles_see_all_accounts(alice: User, administrator: User) -> None:
    assert not alice.sees_all_accounts
    assert administrator.sees_all_accounts


def test_a_person_of_record_cannot_be_deleted(administrator: User) -> None:
    from operations.services import audit_append

    audit_append(stream="site", action="act", actor=administrator)
    with pytest.raises(ProtectedError):
        administrator.delete()
