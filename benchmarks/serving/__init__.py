"""Measures of the chat serving, and the model servers that they and the tests run against."""
