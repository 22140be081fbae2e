"""ASGI entry: HTTP through Django, websockets through Channels; the origin is checked with the person."""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quantsite.settings")

from django.core.asgi import get_asgi_application

# whitenoise hands small files out synchronously; Django says so once a worker, and nothing is wrong
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - after Django is set up

from quantsite.checks import configuration_require  # noqa: E402
from quantsite.consumers import SocketAuthentication  # noqa: E402
from quantsite.routing import websocket_urlpatterns  # noqa: E402

configuration_require()
application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SocketAuthentication(URLRouter(websocket_urlpatterns)),
    }
)
