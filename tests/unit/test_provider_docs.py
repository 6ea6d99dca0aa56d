"""docs/providers.md says what people read for each error, and which answers were tried; both come from the tables.

`UPDATE_DOCS=1 make test ARGS="-k provider_docs"` writes it anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.stub_huggingface.scenarios import SCENARIOS
from workers.providers.adapters import ADAPTERS
from workers.providers.errors import KINDS

DOC = Path(__file__).resolve().parents[2] / "docs" / "providers.md"

HEAD = """# Who draws, and what can go wrong

Made from the tables in the code; `tests/unit/test_provider_docs.py` writes it and holds it true.

`HF_PROVIDER=auto` asks the Hub who serves the model and takes the first live provider of these: {adapters}.
When that one says that it does not serve the model, or cannot be billed, the next one is asked once. The Hub's answer
is kept for an hour. A name of these takes only that one. An address is your own endpoint: it is sent
`{{"inputs": "a fox", "parameters": {{...}}}}` with `HF_TOKEN`, and must answer with a picture.

## What people read

Retry: the job is tried again by itself. Pause: every job would fail, so drawing stops until the owner has mended it.

| code | sentence | retry | pause |
|---|---|---|---|
"""
TRIED = """
## Answers that were tried

Every row is an answer of the test server, given over real HTTP. Each of the providers above is tried with a picture
and with failures of each kind; rows that name a provider are answers only that one gives.

| answer | status | becomes | billed, perhaps |
|---|---|---|---|
"""


def rendered() -> str:
    lines = [HEAD.format(adapters=", ".join(f"`{name}`" for name in ADAPTERS)).rstrip()]
    lines += [sentence_row(code) for code in KINDS]
    lines += [TRIED.rstrip(), *(tried_row(name) for name in sorted(SCENARIOS))]
    return "\n".join(lines) + "\n"


def sentence_row(code: str) -> str:
    kind, sentence = KINDS[code]
    pauses = any(base.__name__ == "AuthenticationFailed" for base in kind.__mro__)
    return f"| `{code}` | {sentence} | {'yes' if kind.retryable else 'no'} | {'yes' if pauses else 'no'} |"


def tried_row(name: str) -> str:
    scenario = SCENARIOS[name]
    only = f" ({scenario.provider})" if scenario.provider else ""
    want = scenario.want
    return f"| {name}{only} | {scenario.status} | {want.code or 'a picture'} | {'yes' if want.billed else 'no'} |"


def test_the_page_about_providers_is_true() -> None:
    if os.environ.get("UPDATE_DOCS"):
        DOC.write_text(rendered(), encoding="utf-8")
    assert DOC.read_text(encoding="utf-8") == rendered(), "run UPDATE_DOCS=1 make test ARGS='-k provider_docs'"
