"""How much later than on the model server's wire a first token is in the browser's socket."""

import asyncio
from pathlib import Path

from bench.asker import Asker
from bench.stacks import System
from tests.model_server import running_model_server

# Long enough that the worker waits for the token, and not the token for the worker.
THINKS_MS = 30
APIS = {
    "Hugging Face contract": ("stream", "{url}", 0),
    # Its first event names the role, and says nothing.
    "OpenAI chat": ("v1", "openai+{url}?model=any", 1),
}
"""For each: the path on the server, `MODEL_URL`, and which event of the answer has the first text."""


async def added_s(folder: Path, api: str, messages: int) -> list[float]:
    """From when the server was about to send the first token until a client has it, for each message."""
    path, url, event = APIS[api]
    with running_model_server() as server:
        system = System(folder, model_url=url.format(url=server.url(path)))
        try:
            client = Asker()
            await client.enter(system)
            added = []
            for _ in range(messages):
                # Its modes are lined up by their name and how long each token takes.
                server.play(f"stream?delay_ms={THINKS_MS}")
                sent = len(server.sent_at)
                await client.ask("hello")
                added.append(client.first_at - server.sent_at[sent + event])
                await asyncio.sleep(0.01)
            client.close()
        finally:
            system.close()
    return added
