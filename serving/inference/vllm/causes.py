"""The end of a vLLM log -> why the server does not run, in words for an operator."""

import re
from collections.abc import Sequence

_CAUSES = (
    (
        r"out of memory|outofmemory|no available memory for the cache|larger than the available kv cache|less than desired gpu memory|cannot allocate memory|kv cache is needed|exceeds (the )?available",
        "the memory of the device is too small for this model with these limits: lower PIXEL_VLLM_MAX_MODEL_LEN or "
        "PIXEL_VLLM_MAX_NUM_SEQS, end what else uses the device, or take a smaller or quantized model",
    ),
    (
        r"repository not found|is not a local folder and is not a valid model identifier|404 client error|no config(uration)? file|invalid repository id|hfvalidationerror|can't load the configuration|offlinemodeisenabled|localentrynotfound|couldn't connect to|max retries exceeded|failed to resolve",
        "the model was not found: give the folder of a model, or its exact name in a hub that this machine reaches",
    ),
    (r"address already in use", "its port is taken: set PIXEL_VLLM_PORT to another one"),
    (r"gated repo|401 client error|403 client error", "the hub asks for a token for this model: set HF_TOKEN"),
    (
        r"cuda driver version is insufficient|no kernel image|no cuda gpus|failed to infer device|unsupported (gpu|device|cpu)|compute capability|illegal instruction|driver.{0,20}too old",
        "this device or its driver is not supported by this build: update the driver, or take --vllm-device cpu",
    ),
    (
        r"model architectures .* (are|is) not supported|has no vllm implementation|unrecognized model|does not recognize this architecture",
        "vLLM does not know this kind of model",
    ),
    (r"unrecognized arguments|error: argument", "vLLM does not take an argument: check PIXEL_VLLM_EXTRA_ARGUMENTS"),
    (r"safetensors.{0,80}(error|invalid|corrupt)|headertoosmall|metadataincompletebuffer", "the model's weights are damaged: fetch them again"),
    (r"max_position_embeddings|max_model_len .* (is )?greater than", "PIXEL_VLLM_MAX_MODEL_LEN is more than the model can read"),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern), story) for pattern, story in _CAUSES)
_NOISE = re.compile(r"^\s*(\^|File \"|Traceback|raise |return |self\.|await )")


# What each process of the server writes before its own words.
_PREFIX = re.compile(r"^(\(\w+ pid=\d+\) )?((INFO|WARNING|ERROR) [\d-]+ [\d:]+ \[[\w.]+:\d+\] )?")
_RAISED = re.compile(r"^[\w.]*(Error|Exception|Interrupt)\b")
# Said by those who waited for the one that failed.
_LATE = re.compile(r"see (root cause|stack trace)|initialization failed", re.IGNORECASE)
_BEFORE_CAUSE, _AFTER_CAUSE = 12, 4


def cause_of(lines: Sequence[str]) -> str:
    """Why a server ended.

    Args:
        lines: The end of its log.

    Returns:
        A known cause, or what it said last.
    """
    text = "\n".join(lines).lower()
    for pattern, story in _PATTERNS:
        if pattern.search(text):
            return story
    root = _root_cause(lines)
    if root is not None:
        return _words(lines[root:])[:300]
    errors = [line.strip() for line in lines if re.search(r"error", line, re.IGNORECASE) and not _NOISE.match(line)]
    spoken = errors or [line.strip() for line in lines if line.strip()]
    return spoken[-1][:300] if spoken else "it wrote nothing"


def telling_lines(lines: Sequence[str]) -> list[str]:
    """The lines of a log that say why a server ended: around what was raised first, else its end.

    A server is several processes. Those that waited for the one that failed write long traces of their own after its words.

    Args:
        lines: The end of its log.
    """
    root = _root_cause(lines)
    if root is None:
        return list(lines[-(_BEFORE_CAUSE + _AFTER_CAUSE) :])
    return list(lines[max(0, root - _BEFORE_CAUSE) : root + 1 + _AFTER_CAUSE])


def _root_cause(lines: Sequence[str]) -> int | None:
    """Where the first error was raised that is not another one's consequence."""
    for number, line in enumerate(lines):
        said = _said(line)
        if _RAISED.match(said) and not _LATE.search(said):
            return number
    return None


def _words(lines: Sequence[str]) -> str:
    """What an error says; a message that begins with a line break has its words on the next lines."""
    first, process = _said(lines[0]).strip(), _process(lines[0])
    if not first.endswith(":"):
        return first
    own = (line for line in lines[1 : 1 + _AFTER_CAUSE] if _process(line) == process)
    later = (spoken for line in own if (spoken := _said(line).strip()) and not _NOISE.match(spoken))
    return f"{first} {next(later, '')}".strip()


def _process(line: str) -> tuple[str | None, str | None]:
    """Who wrote a line, and as what."""
    found = _PREFIX.match(line)
    return (found.group(1), found.group(3)) if found else (None, None)


def _said(line: str) -> str:
    return _PREFIX.sub("", line, count=1)
