"""Tests against a real vLLM server on a tiny model; `make test-vllm` runs them."""
