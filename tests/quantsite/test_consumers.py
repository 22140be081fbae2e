"""Who may listen to an account: the person and the page it comes from are checked before anything is said."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from quantsite.consumers import SocketAuthentication
from quantsite.routing import websocket_urlpatterns
from users.services import token_create

pytestmark = pytest.mark.django_db(transaction=True)


def opened(path, *, user=None, scopes=("read",), origin=None):
    """The first thing a socket says: its snapshot, or the code it is closed with."""
    headers = [(b"host", b"testserver")]
    if origin:
        headers.append((b"origin", origin.encode()))
    if user is not None:
        _, token = token_create(user=user, name="socket", scopes=scopes, expires_in=None)
        headers.append((b"authorization", f"Token {token}".encode()))

    async def ask():
        application = SocketAuthentication(URLRouter(websocket_urlpatterns))
        socket = WebsocketCommunicator(application, path, headers=headers)
        await socket.connect()
        said = [await socket.receive_output(10)]
        while said[-1]["type"] != "websocket.close" and "snapshot" not in said[-1].get("text", ""):
            said.append(await socket.receive_output(10))
        await socket.disconnect()
        return said[-1].get("code", "snapshot")

    return async_to_sync(ask)()


def test_the_owner_hears_a_snapshot_first(world):
    assert opened(f"/ws/accounts/{world.account.pk}/", user=world.account.owner) == "snapshot"


def test_strangers_and_other_pages_hear_nothing(world, charlie):
    path = f"/ws/accounts/{world.account.pk}/"
    assert opened(path, user=charlie) == 4404
    assert opened(path, origin="http://testserver") == 4401
    assert opened(path, origin="http://elsewhere.example") == 4403
    assert opened(path) == 4403
    assert opened(path, user=world.account.owner, scopes=("trade",)) == 4401


@pytest.mark.parametrize("path", ["/ws/nowhere/", "/ws/accounts/abc/", "/"])
def test_an_unknown_address_is_refused_not_failed(world, path):
    """Seen red without the last route: the router raised, which a client is told as a fault of ours."""
    assert opened(path, user=world.account.owner) == 4404
