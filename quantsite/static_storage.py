"""Where collected static files live: hashed names, also of the modules that modules import, and compressed twins.

A hashed name may be kept by browsers for good, so every import in our own modules must name one. Brotli's best quality
takes a minute over what the packages bring, for a few percent; a first start should not wait for that. Source maps are
for debuggers and stay as they are.
"""

from __future__ import annotations

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

BROTLI_QUALITY = 6
OUR_MODULES = "js/*.js"


class QuickCompressor(Compressor):
    """Whitenoise's compressor at a quality that takes a tenth of the time."""

    SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return the data compressed at `BROTLI_QUALITY`."""
        compressed: bytes = brotli.compress(data, quality=BROTLI_QUALITY)
        return compressed


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Django's hashed names with the quick compressor, and with hashed imports in our own modules.

    The modules of packages are left as they are: what looks like an import in a minified bundle need not be one.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = (
        OUR_MODULES,
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
    # a module's hash waits for those of the modules it imports, page → panel → component → core → library
    max_post_process_passes = 10

    def create_compressor(self, **options: Any) -> Compressor:
        """Whitenoise's hook; the storage passes None where the settings name no extensions."""
        if options.get("extensions") is None:
            options["extensions"] = QuickCompressor.SKIP_COMPRESS_EXTENSIONS
        return QuickCompressor(**options)
