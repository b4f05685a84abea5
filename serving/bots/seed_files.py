"""Reads the reference data that ships with the product; knows files, and nothing of the database."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

SEEDS = Path(__file__).parent / "seeds"

SeedRow = dict[str, Any]


def read_templates(folder: Path = SEEDS) -> list[SeedRow]:
    """Every template, its texts from the `.md` files put where the configuration expects them.

    Args:
        folder: the folder that holds `templates/`.

    Returns:
        One mapping per template, by template id, with the keys of `template.yaml` and `description`.

    Raises:
        ValueError: when a file has no content, or names another template than its folder does.
    """
    return [_read_template(path) for path in sorted((folder / "templates").iterdir()) if path.is_dir()]


def read_collaboration_flows(folder: Path = SEEDS) -> list[SeedRow]:
    """Every collaboration flow, by file name."""
    return [_read_yaml(path) for path in sorted((folder / "collaboration_flows").glob("*.yaml"))]


def read_conversation_flows(folder: Path = SEEDS) -> list[SeedRow]:
    """Every conversation flow, by file name."""
    return [_read_yaml(path) for path in sorted((folder / "conversation_flows").glob("*.yaml"))]


@cache
def _experts() -> SeedRow:
    return _read_yaml(SEEDS / "experts.yaml")


def expert_templates() -> dict[str, str]:
    """Canonical expert name -> template id."""
    return {name: str(entry["template_id"]) for name, entry in _experts()["experts"].items()}


def resolve_expert(name: str) -> list[str]:
    """Canonical names behind one spelling of an expert.

    Args:
        name: a canonical name, an alias such as `legal`, or a word for everyone such as `all_experts`.

    Returns:
        One name, or all of them.

    Raises:
        KeyError: when no expert is known by that name.
    """
    experts: dict[str, SeedRow] = _experts()["experts"]
    if name in _experts()["everyone"]:
        return list(experts)
    for canonical, entry in experts.items():
        if name == canonical or name in entry["aliases"]:
            return [canonical]
    raise KeyError(f"Unknown expert `{name}`. Valid: {', '.join(experts)}, or an alias listed in experts.yaml.")


def _read_template(folder: Path) -> SeedRow:
    row = _read_yaml(folder / "template.yaml")
    if row["template_id"] != folder.name:
        raise ValueError(f"{folder}/template.yaml is about `{row['template_id']}`. Rename one of the two.")
    row["description"] = _read_text(folder / "description.md")
    row["conversation_config"]["welcome_message"] = _read_text(folder / "welcome.md")
    row["conversation_config"]["expert"] = row.pop("expert")
    row["ai_config"]["system_prompt"] = _read_text(folder / "system_prompt.md")
    return row


def _read_yaml(path: Path) -> SeedRow:
    content = yaml.safe_load(_read_text(path))
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds a {type(content).__name__}. Expected a mapping.")
    return content


def _read_text(path: Path) -> str:
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        raise ValueError(f"{path} is empty. Expected text; write it or remove the seed.")
    return text
