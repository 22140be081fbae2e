"""ASGI entry: HTTP through Django on a fixed set of threads, websockets through Channels on the event loop.

Every view is synchronous. Threads that stay keep their database connection from request to request, and there are
never more connections than threads; Django's own ASGI handler starts a thread, and so a connection, for each request.
"""

from __future__ import annotations

import gc
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quantsite.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

django: Any = get_wsgi_application()
http = WSGIMiddleware(django, workers=settings.WEB_THREADS)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - after Django is set up

from quantsite.checks import configuration_require  # noqa: E402
from quantsite.consumers import SocketAuthentication  # noqa: E402
from quantsite.routing import websocket_urlpatterns  # noqa: E402

configuration_require()
# what is loaded now stays: the collector need not look at it again, nor run at every few hundred new objects
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SocketAuthentication(URLRouter(websocket_urlpatterns)),
    }
)
