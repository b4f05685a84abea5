"""What follows from device and model."""

import json
from pathlib import Path

import pytest

from serving.inference.vllm.device import Device, DeviceKind, gpus_as_one, parse_gpus
from serving.inference.vllm.errors import DeviceError, ServerError
from serving.inference.vllm.launch import plan_server
from serving.inference.vllm.limits import GIB, derive_limits
from serving.inference.vllm.model_files import ModelFiles, read_model
from serving.inference.vllm.settings import VllmSettings
from tests.factories.tiny_llama import CONTEXT, HIDDEN, LAYERS, make_tiny_llama

H100 = Device(DeviceKind.CUDA, "NVIDIA H100 80GB HBM3", 80 * GIB, capability=9.0)
CPU = Device(DeviceKind.CPU, "x86_64", 32 * GIB)
# 8 billion weights in 16 bits; 32 layers of 8 heads of 128: 128 KiB for each token.
EIGHT = ModelFiles("eight", 16 * GIB, 131072, 131072, 8)
PLAIN = VllmSettings(_env_file=None)


class TestDevice:
    def test_lines_of_nvidia_smi(self) -> None:
        text = (
            "NVIDIA H100 80GB HBM3, 81559, 9.0\nNVIDIA H100 80GB HBM3, 81559, 9.0\nNVIDIA H100 80GB HBM3, 81559, 9.0\n"
        )
        found = gpus_as_one(parse_gpus(text))
        assert (found.count, found.name, found.memory_bytes) == (2, "NVIDIA H100 80GB HBM3", 81559 * 1024 * 1024)

    @pytest.mark.parametrize("text", ["", "No devices were found", "Failed to initialize NVML: x, y"])
    def test_other_words_are_no_gpu(self, text: str) -> None:
        assert parse_gpus(text) == []

    def test_one_that_is_too_old_is_refused(self) -> None:
        with pytest.raises(DeviceError, match=r"6\.1"):
            gpus_as_one(parse_gpus("Tesla P4, 7606, 6.1"))


class TestLimits:
    def test_an_h100_serves_eight_billion_weights_to_many(self) -> None:
        found = derive_limits(H100, EIGHT, PLAIN)
        assert (found.max_model_len, found.tensor_parallel) == (32768, 1)
        tokens = (0.9 * 80 - 3 - 16) * GIB / 131072
        assert found.max_running == int(tokens // 4096)
        assert found.max_inside == 2 * found.max_running

    def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(self) -> None:
        with pytest.raises(DeviceError, match="does not fit"):
            derive_limits(H100, ModelFiles("seventy", 140 * GIB, 327680, 131072, 8), PLAIN)

    def test_several_gpus_share_what_one_cannot_hold(self) -> None:
        four = Device(DeviceKind.CUDA, H100.name, H100.memory_bytes, 4)
        assert derive_limits(four, ModelFiles("seventy", 140 * GIB, 327680, 131072, 8), PLAIN).tensor_parallel == 4
        assert derive_limits(four, EIGHT, PLAIN).tensor_parallel == 1

    def test_settings_go_before(self) -> None:
        settings = VllmSettings(_env_file=None, max_model_len=1024, max_num_seqs=3, max_waiting=0)
        found = derive_limits(H100, EIGHT, settings)
        assert (found.max_model_len, found.max_running, found.max_inside) == (1024, 3, 3)

    def test_a_cpu_takes_few_at_once(self) -> None:
        found = derive_limits(CPU, ModelFiles("small", GIB, 32768, 8192, 8), PLAIN)
        assert (found.max_model_len, found.max_running) == (8192, 8)
        assert 1 <= found.cpu_cache_gib <= 8

    def test_a_model_that_a_cpu_cannot_hold_is_refused_before_it_is_started(self) -> None:
        with pytest.raises(DeviceError, match=r"30\.0 GiB of weights .* 90% of the 32\.0 GiB"):
            derive_limits(CPU, ModelFiles("large", 30 * GIB, 32768, 8192, 8), PLAIN)


class TestModelFiles:
    def test_a_folder_tells_its_sizes(self, tmp_path: Path) -> None:
        found = read_model(str(make_tiny_llama(tmp_path / "my model")))
        assert found is not None
        assert (found.name, found.context) == ("my-model", CONTEXT)
        assert found.cache_bytes_per_token == 2 * LAYERS * HIDDEN * 2

    def test_a_name_in_a_hub_has_no_files_here(self) -> None:
        assert read_model("someone/some-model") is None

    def test_what_is_no_model_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ServerError, match=r"config\.json"):
            read_model(str(tmp_path))
        with pytest.raises(ServerError, match="no such folder"):
            read_model(str(tmp_path / "nowhere"))
        model = make_tiny_llama(tmp_path / "model")
        (model / "config.json").write_text(json.dumps({"hidden_size": 64}))
        with pytest.raises(ServerError, match="num_attention_heads"):
            read_model(str(model))
        (model / "model.safetensors").unlink()
        with pytest.raises(ServerError, match="safetensors"):
            read_model(str(model))


class TestPlan:
    def test_a_gpu_is_served_by_the_script_and_a_cpu_by_the_module(self) -> None:
        plans = [
            plan_server("m", EIGHT, device, derive_limits(device, EIGHT, PLAIN), environment=Path("/env"), adapters=[], settings=PLAIN)
            for device in (H100, Device(DeviceKind.CPU, "x86_64", 128 * GIB))
        ]  # fmt: skip
        assert plans[0].arguments[:3] == ("/env/bin/python", "/env/bin/vllm", "serve")
        assert plans[1].arguments[1:3] == ("-m", "vllm.entrypoints.openai.api_server")
        assert "--gpu-memory-utilization" in plans[0].arguments
        assert "--gpu-memory-utilization" not in plans[1].arguments
        for plan in plans:
            assert plan.arguments[plan.arguments.index("--host") + 1] == "127.0.0.1"
            assert "HF_HUB_OFFLINE" in plan.variables

    def test_without_adapters_nothing_may_load_them(self) -> None:
        settings = VllmSettings(_env_file=None, max_loras=0)
        plan = plan_server(
            "m",
            EIGHT,
            H100,
            derive_limits(H100, EIGHT, settings),
            environment=Path("/e"),
            adapters=[],
            settings=settings,
        )
        assert "--enable-lora" not in plan.arguments
        assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" not in plan.variables
