"""Adapters of a real server: loaded while people ask, proven, replaced, refused."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.main import run_command
from serving.accounts.principal import Actor
from serving.context import open_context
from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.vllm.adapters import Adapter, read_adapter
from serving.inference.vllm.changing import Change, load_adapter, served_name, unload_adapter
from serving.inference.vllm.errors import AdapterError, BusyError, CanaryError
from serving.inference.vllm.registration import register_server
from serving.settings import ServingSettings
from storage.postgres.models.member import Role
from tests.factories.tiny_llama import make_adapter
from tests.integration.conftest import Tenant, ask
from tests.integration.serving.models.conftest import route
from tests.vllm.conftest import Running, asked, text_of

PROMPTS = [f"Question {number}, please." for number in range(6)]


def load(running: Running, adapter: Adapter, *, drain_s: float = 30.0) -> Change:
    """Load an adapter."""
    with running.client() as server:
        return load_adapter(running.home, server, adapter, drain_s=drain_s, tell=lambda _: None)


def unload(running: Running, name: str) -> None:
    """Unload whatever has the name."""
    for one in [one for one in running.state.adapters if one.name == name]:
        with running.client() as server:
            unload_adapter(running.home, server, one, drain_s=30)


@pytest.fixture
def clean(running: Running) -> Iterator[Running]:
    """The server, without what a test loads beside the two adapters."""
    yield running
    for name in {one.name for one in running.state.adapters} - {"formal", "brief"}:
        unload(running, name)


class TestDiffer:
    async def test_base_and_adapters_answer_each_in_its_own_way(self, running: Running) -> None:
        provider = running.provider()
        models = ("tiny", running.served_name("formal"), running.served_name("brief"))
        texts = [await text_of(provider, asked(model)) for model in models]
        assert len(set(texts)) == 3
        await provider.aclose()


class TestLoad:
    async def test_everyone_gets_the_right_adapter_while_one_is_loaded(self, clean: Running) -> None:
        provider = clean.provider()
        models = ("tiny", clean.served_name("formal"), clean.served_name("brief"))
        expected = {(m, p): await text_of(provider, asked(m, p)) for m in models for p in PROMPTS}
        adapter = clean.adapter("third", seed=3)
        places, is_loaded = asyncio.Semaphore(6), asyncio.Event()
        after = 0

        async def keep_asking(number: int) -> int:
            nonlocal after
            asked_for = 0
            while not is_loaded.is_set() or asked_for < 5:
                model, prompt = models[(number + asked_for) % 3], PROMPTS[(number * 5 + asked_for) % 6]
                async with places:
                    assert await text_of(provider, asked(model, prompt)) == expected[model, prompt]
                asked_for += 1
                after += is_loaded.is_set()
            return asked_for

        askers = [asyncio.create_task(keep_asking(number)) for number in range(12)]
        await asyncio.sleep(0.3)
        change = await asyncio.to_thread(load, clean, adapter)
        is_loaded.set()
        counts = await asyncio.gather(*askers)
        assert sum(counts) >= 60
        assert after
        new = [await text_of(provider, asked(change.loaded.served_name, prompt)) for prompt in PROMPTS]
        assert not set(new) & set(expected.values())
        await provider.aclose()

    async def test_a_long_answer_that_does_not_end_in_time_is_left_alone(self, clean: Running) -> None:
        provider = clean.provider()
        long = asyncio.create_task(text_of(provider, asked("tiny", tokens=8000)))
        await asyncio.sleep(2)
        with pytest.raises(BusyError, match="still run"):
            await asyncio.to_thread(load, clean, clean.adapter("late", seed=4), drain_s=0.2)
        assert not long.done()
        assert len(await long) == 8000
        assert "late" not in {one.name for one in clean.state.adapters}
        await provider.aclose()

    async def test_only_one_change_at_a_time(self, clean: Running) -> None:
        adapters = [clean.adapter(name, seed=seed) for name, seed in (("x", 5), ("y", 6))]
        found = await asyncio.gather(
            *(asyncio.to_thread(load, clean, adapter) for adapter in adapters), return_exceptions=True
        )
        assert sorted(type(one).__name__ for one in found) == ["BusyError", "Change"]

    def test_without_effect_is_refused(self, clean: Running) -> None:
        with pytest.raises(CanaryError, match="no effect"):
            load(clean, clean.adapter("nothing", seed=7, scale=0.0))
        assert "nothing" not in {one.name for one in clean.state.adapters}
        with clean.client() as server:
            assert not any(name.startswith("nothing@") for name in server.models())

    def test_another_answer_than_the_proven_one_is_refused(self, clean: Running) -> None:
        adapter = clean.adapter("proven", seed=8)
        load(clean, adapter)
        unload(clean, "proven")
        load(clean, adapter)  # the same answer again
        unload(clean, "proven")
        for file in (clean.home.path / "canaries").iterdir():
            if file.stat().st_mtime == max(one.stat().st_mtime for one in (clean.home.path / "canaries").iterdir()):
                file.write_text("0" * 64)
        with pytest.raises(CanaryError, match="first proven"):
            load(clean, adapter)
        with clean.client() as server:
            assert served_name(adapter) not in server.models()

    def test_weights_of_another_shape_are_refused(self, clean: Running) -> None:
        path = make_adapter(clean.folder / "wide", seed=9, hidden=96)
        with pytest.raises(AdapterError, match="does not load"):
            load(clean, read_adapter("wide", path))
        with clean.client() as server:
            assert server.is_healthy()
            assert not any(name.startswith("wide@") for name in server.models())

    def test_more_than_there_is_room_for_is_refused(self, clean: Running) -> None:
        for number in range(clean.state.max_adapters - 2):
            load(clean, clean.adapter(f"more{number}", seed=20 + number))
        with pytest.raises(AdapterError, match="unload one"):
            load(clean, clean.adapter("toomany", seed=30))


class TestReplace:
    async def test_bots_move_on_and_the_old_one_goes(self, clean: Running, capsys: pytest.CaptureFixture[str]) -> None:
        first, second = (clean.adapter("style", seed=seed) for seed in (10, 11))
        shown = [await asyncio.to_thread(command, capsys, "load", f"style={one.path}") for one in (first, second)]
        assert shown[0]["model_id"] == shown[1]["model_id"]
        assert shown[1]["replaced"] == [served_name(first)]
        provider = clean.provider()
        with pytest.raises(ProviderError) as caught:
            await text_of(provider, asked(served_name(first)))
        assert caught.value.kind is ProviderErrorKind.UNKNOWN_MODEL
        assert await text_of(provider, asked(served_name(second)))
        await provider.aclose()
        assert "style" in {one["name"] for one in (await asyncio.to_thread(command, capsys, "status"))["adapters"]}
        assert await asyncio.to_thread(command, capsys, "unload", "style") == {"unloaded": [served_name(second)]}


class TestReceipt:
    async def test_it_names_the_content_of_the_adapter(self, running: Running, tenant: Tenant) -> None:
        context = open_context(running.settings, ServingSettings(_env_file=None))
        actor = Actor(tenant.organization.id, Role.OWNER)
        models = await register_server(context, actor, running.state, running.home.key())
        await context.close()
        hashes = {one.name: one.content_hash for one in running.state.adapters}
        patch = {"answers_from": "model"}
        assert tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json=patch).status_code == 200
        for name, expected in (("tiny", None), ("formal", hashes["formal"]), ("brief", hashes["brief"])):
            await asyncio.to_thread(route, tenant, {"id": str(models[name])})
            answer = await asyncio.to_thread(ask, tenant, "What do you say?")
            receipt = (await asyncio.to_thread(tenant.owner.get, answer["receipt_url"])).json()
            assert (receipt["provider"], receipt["adapter_hash"]) == ("vllm", expected)


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What a command of `pixel vllm` prints."""
    assert run_command(["vllm", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])
