"""Which sampling parameters a model takes, and in what range."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from storage.postgres.models.model_connection import ModelProvider

_OPENAI_LIKE = frozenset({ModelProvider.OPENAI, ModelProvider.VLLM, ModelProvider.OLLAMA})
_ALL = frozenset(ModelProvider)
_MOST_STOPS = 4
_LONGEST_STOP = 100
# Models that think before they answer take no sampling parameters, whoever their provider is.
_WITHOUT_SAMPLING = frozenset({"max_tokens"})


@dataclass(frozen=True)
class ParameterProblem:
    """One parameter that a model does not take as it is."""

    field: str
    message: str


@dataclass(frozen=True)
class _Range:
    """A number between two bounds, of the providers that know it."""

    low: float
    high: float
    providers: frozenset[ModelProvider] = _ALL
    is_whole: bool = False

    def problem(self, value: Any, high: float) -> str | None:
        kinds = (int,) if self.is_whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.low <= value <= high:
            kind = "a whole number" if self.is_whole else "a number"
            return f"{value!r} is not allowed; it must be {kind} from {self.low:g} to {high:.15g}"
        return None


_RANGES = {
    "temperature": _Range(0, 2),
    "top_p": _Range(0, 1),
    "max_tokens": _Range(1, 1_000_000, is_whole=True),
    "seed": _Range(-(2**63), 2**63 - 1, _OPENAI_LIKE | {ModelProvider.GOOGLE}, is_whole=True),
    "presence_penalty": _Range(-2, 2, _OPENAI_LIKE | {ModelProvider.GOOGLE}),
    "frequency_penalty": _Range(-2, 2, _OPENAI_LIKE | {ModelProvider.GOOGLE}),
    "top_k": _Range(1, 1000, frozenset({ModelProvider.ANTHROPIC, ModelProvider.GOOGLE, ModelProvider.VLLM}), is_whole=True),
    "min_p": _Range(0, 1, frozenset({ModelProvider.VLLM})),
    "repetition_penalty": _Range(0.01, 2, frozenset({ModelProvider.VLLM})),
}  # fmt: skip
_HIGHER = {ModelProvider.ANTHROPIC: {"temperature": 1.0}, ModelProvider.GOOGLE: {"seed": 2.0**31 - 1}}


def accepted_parameters(provider: ModelProvider, *, has_sampling: bool = True) -> frozenset[str]:
    """Names of the parameters that a provider's models take."""
    if not has_sampling:
        return _WITHOUT_SAMPLING
    return frozenset(name for name, span in _RANGES.items() if provider in span.providers) | {"stop"}


def parameter_problems(
    provider: ModelProvider,
    parameters: Mapping[str, Any],
    *,
    max_output_tokens: int | None = None,
    has_sampling: bool = True,
) -> list[ParameterProblem]:
    """What is wrong with parameters for a model; nothing when it takes them all.

    Args:
        provider: Whose model it is.
        parameters: By their names in OpenAI's protocol, whatever the provider calls them.
        max_output_tokens: The longest answer of the model, if it is known.
        has_sampling: Whether the model takes sampling parameters at all.
    """
    accepted = accepted_parameters(provider, has_sampling=has_sampling)
    found = []
    for name, value in parameters.items():
        problem = _problem(provider, name, value, accepted, max_output_tokens)
        if problem is not None:
            found.append(ParameterProblem(name, problem))
    return found


def general_problems(parameters: Mapping[str, Any]) -> list[ParameterProblem]:
    """What is wrong with parameters whatever the model: values that none would take."""
    checks: dict[str, Callable[[Any], str | None]] = {"stop": _stop_problem}
    found = []
    for name, value in parameters.items():
        span = _RANGES.get(name)
        problem = span.problem(value, span.high) if span is not None else checks[name](value)
        if problem is not None:
            found.append(ParameterProblem(name, problem))
    return found


def _problem(
    provider: ModelProvider, name: str, value: Any, accepted: frozenset[str], max_output_tokens: int | None
) -> str | None:
    if name not in accepted:
        return f"unknown to this model; it takes {', '.join(sorted(accepted))}"
    if name == "stop":
        return _stop_problem(value)
    high = _HIGHER.get(provider, {}).get(name, _RANGES[name].high)
    if name == "max_tokens" and max_output_tokens is not None:
        high = max_output_tokens
    return _RANGES[name].problem(value, high)


def _stop_problem(value: Any) -> str | None:
    stops = [value] if isinstance(value, str) else value
    is_list = isinstance(stops, list) and 1 <= len(stops) <= _MOST_STOPS
    if not is_list or not all(isinstance(stop, str) and 1 <= len(stop) <= _LONGEST_STOP for stop in stops):
        return f"must be a text or up to {_MOST_STOPS} texts of 1 to {_LONGEST_STOP} characters each"
    return None
