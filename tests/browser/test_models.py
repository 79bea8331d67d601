"""Each kind of model, used from the page. By hand, as each needs a worker of its own:

make test ARGS="-m measured tests/browser/test_models.py" TEST_WORKERS=0
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.model_server import running_model_server
from tests.scripted_model import write_scripted
from tests.servers import Stack

pytestmark = [pytest.mark.measured, pytest.mark.xdist_group("browser")]

SAID = "你好 😀 wörld"


def test_each_row_of_the_table_answers_on_the_page(
    tmp_path: Path, redis_server, visitor: Visitor, make_stack
) -> None:
    stack: Stack = make_stack()
    local = write_scripted(tmp_path / "m", " You", " said", ": ", b"\xe4\xbd", b"\xa0\xe5", b"\xa5\xbd")
    with running_model_server() as server:
        rows = {
            server.url("stream"): f"You said: {SAID}",
            server.url("whole"): f"You said: {SAID}",
            f"openai+{server.url('v1')}?model=tiny": f"You said: {SAID}",
            f"openai+{server.url('v1')}?model=tiny&api=completions": f"You said: {SAID}",
            local: "You said: 你好",
            "echo:?delay_ms=20": SAID,
        }
        chat = visitor.begin(stack.web())
        for number, (url, reply) in enumerate(rows.items(), 1):
            worker = stack.worker(MODEL_URL=url)
            chat.say(SAID)
            expect(chat.turns("done", "bot")).to_have_count(number)
            assert chat.texts()[-2:] == [SAID, reply], url
            worker.stop()
