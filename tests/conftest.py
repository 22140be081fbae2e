"""The cast: alice owns, bob may read, charlie may nothing, dora manages risk, oscar operates."""

from __future__ import annotations
