"""The same job through Gradio's queue: `python -m tests.bench.with_gradio PORT` with PROVIDER_URL and FOLDER."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import gradio
import requests

MODEL = "stabilityai/stable-diffusion-xl-base-1.0"
AT_ONCE = 16
session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE))


def draw(prompt: str) -> str:
    """The picture's file."""
    url = f"{os.environ['PROVIDER_URL']}/hf-inference/models/{MODEL}"
    answer = session.post(url, json={"inputs": prompt}, headers={"Authorization": "Bearer hf_bench"}, timeout=60)
    answer.raise_for_status()
    file = Path(os.environ["FOLDER"]) / f"{os.urandom(8).hex()}.jpg"
    file.write_bytes(answer.content)
    return str(file)


page = gradio.Interface(draw, "text", gradio.Image(type="filepath"), api_name="draw", concurrency_limit=AT_ONCE)

if __name__ == "__main__":
    page.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), allowed_paths=[os.environ["FOLDER"]], quiet=True)
