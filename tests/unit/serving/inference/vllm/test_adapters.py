"""Adapters on disk."""

import json
from pathlib import Path

import pytest

from serving.inference.vllm.adapters import parse_adapter, read_adapter, reserved_rank
from serving.inference.vllm.copying import copied
from serving.inference.vllm.errors import AdapterError
from tests.factories.tiny_llama import ADAPTER_RANK, make_adapter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_adapter(tmp_path / "adapter", seed=1)


class TestRead:
    def test_the_hash_is_of_the_content(self, folder: Path, tmp_path: Path) -> None:
        same = read_adapter("b", make_adapter(tmp_path / "same", seed=1))
        other = read_adapter("c", make_adapter(tmp_path / "other", seed=2))
        first = parse_adapter(f"a={folder}")
        assert first.content_hash == same.content_hash != other.content_hash
        assert (first.name, first.rank) == ("a", ADAPTER_RANK)

    @pytest.mark.parametrize("text", ["", "a", "a=", "=x", "a b=x", "../a=x", "a=/no/such/folder"])
    def test_what_names_no_adapter_is_refused(self, text: str) -> None:
        with pytest.raises(AdapterError):
            parse_adapter(text)

    def test_pickles_are_refused(self, folder: Path) -> None:
        (folder / "adapter_model.bin").write_bytes(b"\x80\x04.")
        with pytest.raises(AdapterError, match="could run code"):
            read_adapter("a", folder)

    @pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
    def test_both_files_must_be_there(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        with pytest.raises(AdapterError, match=name):
            read_adapter("a", folder)

    @pytest.mark.parametrize(
        "config",
        ["", "[]", "{", "null", '{"r": "4", "peft_type": "LORA"}', '{"r": 4, "peft_type": "IA3"}', '{"r": 0, "peft_type": "LORA"}'],
    )  # fmt: skip
    def test_another_configuration_is_refused(self, folder: Path, config: str) -> None:
        (folder / "adapter_config.json").write_text(config)
        with pytest.raises(AdapterError):
            read_adapter("a", folder)

    @pytest.mark.parametrize("keep", [0, 7, 8, 100, -1])
    def test_weights_that_are_cut_off_are_refused(self, folder: Path, keep: int) -> None:
        file = folder / "adapter_model.safetensors"
        file.write_bytes(file.read_bytes()[:keep])
        with pytest.raises(AdapterError, match="no whole safetensors"):
            read_adapter("a", folder)

    def test_a_larger_rank_than_it_says_is_refused(self, folder: Path) -> None:
        file = folder / "adapter_config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "r": 2}))
        with pytest.raises(AdapterError, match="rank 4"):
            read_adapter("a", folder)


class TestCopy:
    def test_what_changes_afterwards_does_not_matter(self, folder: Path, tmp_path: Path) -> None:
        adapter = read_adapter("a", folder)
        copy = copied(adapter, tmp_path / "copies")
        (folder / "adapter_model.safetensors").unlink()
        assert read_adapter("a", copy).content_hash == adapter.content_hash
        assert copied(adapter, tmp_path / "copies") == copy

    def test_what_changed_before_is_refused(self, folder: Path, tmp_path: Path) -> None:
        adapter = read_adapter("a", folder)
        make_adapter(folder, seed=2)
        with pytest.raises(AdapterError, match="changed"):
            copied(adapter, tmp_path / "copies")
        assert list((tmp_path / "copies").iterdir()) == []


class TestRank:
    def test_memory_is_reserved_for_the_largest(self, folder: Path) -> None:
        assert reserved_rank([]) == 16
        assert reserved_rank([read_adapter("a", folder)]) == 16
