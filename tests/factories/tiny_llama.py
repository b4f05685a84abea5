"""A Llama of a few thousand random weights with its tokenizer, and LoRA adapters for it, written file by file.

The weights are made so that greedy answers are printable ASCII and never end by themselves: rows of the last matrix for
everything else are zero, and a maximum of 95 random scores is above zero. So streams are as long as a test asks for.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

HIDDEN, LAYERS, HEADS, INNER, CONTEXT = 64, 2, 2, 128, 8192
MARKS = ("<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>")
ADAPTER_RANK = 4
_CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
_Weights = dict[str, NDArray[np.float32]]


def make_tiny_llama(folder: Path, *, seed: int = 0) -> Path:
    """A model with its tokenizer; the same seed, the same model."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _write_tokenizer(folder)
    _write_config(folder, len(vocabulary))
    random = np.random.default_rng(seed)
    weights: _Weights = {"model.norm.weight": np.ones(HIDDEN, np.float32)}
    weights["model.embed_tokens.weight"] = _matrix(random, len(vocabulary), HIDDEN)
    head = _matrix(random, len(vocabulary), HIDDEN)
    printable = [token for text, token in vocabulary.items() if len(text) == 1 and " " < text <= "~"]
    head[[row for row in range(len(vocabulary)) if row not in set(printable)]] = 0.0
    weights["lm_head.weight"] = head
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{prefix}{norm}.weight"] = np.ones(HIDDEN, np.float32)
        for name, (rows, columns) in _shapes().items():
            weights[f"{prefix}{name}.weight"] = _matrix(random, rows, columns)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def make_adapter(folder: Path, *, seed: int, scale: float = 1.0, hidden: int = HIDDEN) -> Path:
    """A LoRA adapter of the tiny model; with a scale of 0 it changes nothing, with another width it does not fit."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    weights: _Weights = {}
    targets = ("self_attn.q_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.down_proj")
    for layer in range(LAYERS):
        for name in targets:
            rows, columns = _shapes(hidden)[name]
            prefix = f"base_model.model.model.layers.{layer}.{name}"
            weights[f"{prefix}.lora_A.weight"] = _matrix(random, ADAPTER_RANK, columns)
            weights[f"{prefix}.lora_B.weight"] = _matrix(random, rows, ADAPTER_RANK) * np.float32(scale)
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": ADAPTER_RANK, "lora_alpha": 4 * ADAPTER_RANK,
        "lora_dropout": 0.0, "bias": "none", "fan_in_fan_out": False, "inference_mode": True,
        "target_modules": [name.rpartition(".")[2] for name in targets], "base_model_name_or_path": "tiny",
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def _shapes(hidden: int = HIDDEN) -> dict[str, tuple[int, int]]:
    square = {f"self_attn.{name}_proj": (hidden, hidden) for name in "qkvo"}
    wide = {f"mlp.{name}_proj": (INNER, hidden) for name in ("gate", "up")}
    return {**square, **wide, "mlp.down_proj": (hidden, INNER)}


def _matrix(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.float32]:
    values: NDArray[np.float32] = random.standard_normal((rows, columns), dtype=np.float32)
    return values / np.float32(np.sqrt(columns))


def _write_tokenizer(folder: Path) -> dict[str, int]:
    """One token for each byte, and the marks of the chat template."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {text: number for number, text in enumerate([*MARKS, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(MARKS))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>",
        "model_max_length": CONTEXT, "chat_template": _CHAT_TEMPLATE, "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return vocabulary


def _write_config(folder: Path, vocabulary_size: int) -> None:
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "float32", "torch_dtype": "float32",
        "vocab_size": vocabulary_size, "hidden_size": HIDDEN, "intermediate_size": INNER, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "head_dim": HIDDEN // HEADS,
        "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
        "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").write_text(json.dumps({"bos_token_id": 0, "eos_token_id": 1}))
