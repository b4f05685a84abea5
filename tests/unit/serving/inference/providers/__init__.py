"""Tests of the providers: the real SDKs against servers that speak their protocols."""
