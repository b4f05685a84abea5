"""Tests of the vLLM server of our own that need no vLLM."""
