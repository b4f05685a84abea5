"""Chatbots and the templates they are made from."""
