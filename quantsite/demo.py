"""A first site from a data file: its people, its feed, one account and deployments ready to start.

Names, symbols, dates and figures stand in the file; this module only hands them to the services.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from marketdata.services import feed_create
from operations.services import notification_send
from portfolio.services import account_open
from risk.services import account_risk_create, account_risk_update
from trading.services import deployment_create
from users.services import user_create

PASSWORD_BYTES = 12


@dataclass(frozen=True, slots=True)
class Credentials:
    """A person made by the set-up, with the password that is shown once and stored only as its hash."""

    title: str
    username: str
    password: str


def demo_read(path: Path) -> dict[str, Any]:
    """Return the content of a demo file."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def demo_owed() -> bool:
    """Return whether the site has nobody yet: a site with people is never touched."""
    return not get_user_model().objects.exists()


@transaction.atomic
def demo_create(*, data: dict[str, Any]) -> list[Credentials]:
    """Create everything the file names, all of it or nothing; return who can sign in with which password."""
    credentials, people = [], {}
    for person in data["people"]:
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        people[person["username"]] = user_create(
            username=person["username"],
            password=password,
            site_role=person["site_role"],
            is_staff=person["is_staff"],
        )
        credentials.append(Credentials(title=person["title"], username=person["username"], password=password))
    _account_create(data, people)
    return credentials


def _account_create(data: dict[str, Any], people: dict[str, Any]) -> None:
    feed = feed_create(
        name=data["feed"]["name"],
        start_on=date.fromisoformat(data["feed"]["start_on"]),
        speed=data["feed"]["speed"],
        note=data["feed"]["note"],
    )
    terms = data["account"]
    owner = people[terms["owner"]]
    account = account_open(
        owner=owner,
        name=terms["name"],
        environment=terms["environment"],
        currency=terms["currency"],
        kind=terms["kind"],
        feed=feed,
        capital=Decimal(terms["capital"]),
        actor=owner,
        market_time=feed.market_time,
    )
    account_risk_create(account=account, profile_code=terms["profile"])
    limits = {name: Decimal(value) for name, value in terms["limits"].items()}
    account_risk_update(account_id=account.pk, changes=limits, actor=owner)
    for place, terms in enumerate(data["deployments"], start=1):
        details = _deployment_terms(data["deployment"] | terms)
        deployment_create(account_id=account.pk, actor=owner, priority=place, **details)
    notification_send(
        user=owner,
        level="info",
        title=data["welcome"]["title"],
        body=data["welcome"]["body"],
        stream=f"account:{account.pk}",
    )


def _deployment_terms(terms: dict[str, Any]) -> dict[str, Any]:
    fractions = {"position_size", "stop_loss", "take_profit"}
    return {name: Decimal(value) if name in fractions else value for name, value in terms.items()}
