"""Where collected static files live: hashed names, and compressed twins made quickly.

Brotli's best quality takes a minute over what the packages bring, for a few percent; a first start should not wait for
that. Source maps are for debuggers and stay as they are.
"""

from __future__ import annotations

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

BROTLI_QUALITY = 6


class QuickCompressor(Compressor):
    """Whitenoise's compressor at a quality that takes a tenth of the time."""

    SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return the data compressed at `BROTLI_QUALITY`."""
        compressed: bytes = brotli.compress(data, quality=BROTLI_QUALITY)
        return compressed


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Django's hashed names with the quick compressor."""

    def create_compressor(self, **options: Any) -> Compressor:
        """Whitenoise's hook; the storage passes None where the settings name no extensions."""
        if options.get("extensions") is None:
            options["extensions"] = QuickCompressor.SKIP_COMPRESS_EXTENSIONS
        return QuickCompressor(**options)
