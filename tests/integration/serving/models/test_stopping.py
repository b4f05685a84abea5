"""An answer is stopped through any process, whichever writes it."""

import json
import time

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.member import Role
from storage.settings import StorageSettings
from tests.factories.model_servers import QUICK
from tests.integration.conftest import Tenant, client, running_api, start_conversation
from tests.integration.serving.models.conftest import add_model, connect, route

QUESTION = "What do you do all day?"


class TestElsewhere:
    def test_the_process_that_writes_it_ends_it_and_gives_up_the_model(
        self, informed: Tenant, vllm: Upstream, settings: StorageSettings
    ) -> None:
        patient = {**QUICK.model_dump(), "first_token_s": 20, "gap_s": 20, "total_s": 30}
        route(informed, add_model(informed, connect(informed, vllm, limits=patient)))
        vllm.behave(Behaviour(Fault.STALLED))
        conversation = start_conversation(informed)
        path, told, asked_at = f"/api/v1/conversations/{conversation}/messages", [], 0.0
        with running_api(settings) as url, client(url, informed.keys[Role.OWNER]) as elsewhere:
            with informed.owner.stream("POST", path, json={"content": QUESTION, "stream": True}) as response:
                for line in response.iter_lines():
                    if not line.startswith("data: "):
                        continue
                    told.append(json.loads(line[6:]))
                    if not asked_at and any(one.method == "POST" for one in vllm.received):
                        asked_at = time.monotonic()
                        stopped = elsewhere.post(f"/api/v1/messages/{told[0]['message_id']}/stop")
                        assert stopped.status_code == 204
            took = time.monotonic() - asked_at
        assert told[-1]["type"] == "/problems/answer-stopped"
        assert took < 5
        assert vllm.aborted == 1
        (row,) = [one for one in informed.owner.get(path).json() if one["role"] == "assistant"]
        assert row["state"] == "cancelled"
