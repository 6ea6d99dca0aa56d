"""Speed, measured on one machine against a local stub of the provider: `python -m tests.bench`."""

from __future__ import annotations
