"""A stand-in for Hugging Face and the providers behind it, on a real socket, for tests."""

from __future__ import annotations

from tests.stub_huggingface.hub import SDXL
from tests.stub_huggingface.scenarios import SCENARIOS, SLOW, Scenario, Want
from tests.stub_huggingface.server import Call, HuggingFaceStub

__all__ = ["SCENARIOS", "SDXL", "SLOW", "Call", "HuggingFaceStub", "Scenario", "Want"]
