"""Tests of the engines that run the embedding model."""
