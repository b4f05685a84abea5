"""Errors of evaluations."""


class EvalError(Exception):
    """Base: the message says what failed, the value, what was expected and what to do."""


class DatasetError(EvalError):
    """A file of questions is missing or malformed."""


class TargetError(EvalError):
    """There is nothing to evaluate, or it could not answer."""
