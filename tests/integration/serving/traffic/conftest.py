"""A model server to call."""

from tests.integration.serving.models.conftest import vllm

__all__ = ["vllm"]
