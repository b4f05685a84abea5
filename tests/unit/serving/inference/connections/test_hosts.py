"""Which addresses a connection may have."""

import httpx2
import pytest

from serving.inference.connections.errors import ConnectionAddressError
from serving.inference.connections.hosts import ModelHosts, checked_base_url, origin
from storage.postgres.models.model_connection import ModelProvider

NAMED = ModelHosts("127.0.0.1, GPU.intern:8001, [fd00::7]:9000, ::1, gateway.example.com")


class TestModelHosts:
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:5/",
            "http://gpu.intern:8001/v1",
            "http://GPU.INTERN.:8001/v1",
            "http://[fd00::7]:9000/",
            "http://[::1]:1/",
            "https://gateway.example.com/",
        ],
    )
    def test_named(self, url: str) -> None:
        assert NAMED.has(httpx2.URL(url))

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.2/",
            "http://gpu.intern/v1",
            "http://gpu.intern:8002/v1",
            "http://x.gpu.intern:8001/",
            "http://[fd00::7]:9001/",
            "http://[::2]/",
            "http://gateway.example.com.attacker.example/",
        ],
    )
    def test_not_named(self, url: str) -> None:
        assert not NAMED.has(httpx2.URL(url))

    def test_no_name_is_nobody(self) -> None:
        assert not ModelHosts(" , ").has(httpx2.URL("http://127.0.0.1/"))


class TestCheckedBaseUrl:
    def test_makers_addresses_need_no_naming_and_are_never_private(self) -> None:
        nobody = ModelHosts("")
        for provider in (ModelProvider.OPENAI, ModelProvider.ANTHROPIC, ModelProvider.GOOGLE):
            base_url, may_be_private = checked_base_url(provider, None, nobody)
            assert (base_url.startswith("https://"), may_be_private) == (True, False)

    def test_a_named_gateway_may_stand_in(self) -> None:
        found = checked_base_url(ModelProvider.OPENAI, "https://gateway.example.com/openai/", NAMED)
        assert found == ("https://gateway.example.com/openai", True)

    def test_the_message_says_what_to_do(self) -> None:
        with pytest.raises(
            ConnectionAddressError, match=r"openai is at https://api.openai.com/v1.*PIXEL_API_MODEL_HOSTS"
        ):
            checked_base_url(ModelProvider.OPENAI, "https://other.example/v1", NAMED)
        with pytest.raises(ConnectionAddressError, match="PIXEL_API_MODEL_HOSTS"):
            checked_base_url(ModelProvider.OLLAMA, None, ModelHosts(""))


class TestOrigin:
    def test_it_is_scheme_host_and_port(self) -> None:
        assert origin("https://A.example/v1") == origin("https://a.example.:443/other") == ("https", "a.example", 443)
        assert origin("http://a.example") != origin("https://a.example")
