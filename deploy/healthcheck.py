"""Ask the web process of this container whether it answers; exit 0 when it does. Standard library only."""

import os
import sys
import urllib.error
import urllib.request


def main() -> int:
    """Ask /health on loopback, under a host name the site accepts."""
    port = os.environ.get("PORT") or "8000"
    host = (os.environ.get("ALLOWED_HOSTS") or "127.0.0.1").split(",")[0].strip().lstrip(".")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/health", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310 - loopback, a fixed scheme
            return 0 if answer.status == 200 else 1
    except urllib.error.HTTPError as error:
        # 503: this process answers and says that another part of the site is unwell; that part has its own check
        return 0 if error.code == 503 else 1
    except (urllib.error.URLError, TimeoutError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
