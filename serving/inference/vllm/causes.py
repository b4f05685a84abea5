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
    errors = [line.strip() for line in lines if re.search(r"error", line, re.IGNORECASE) and not _NOISE.match(line)]
    spoken = errors or [line.strip() for line in lines if line.strip()]
    return spoken[-1][:300] if spoken else "it wrote nothing"
