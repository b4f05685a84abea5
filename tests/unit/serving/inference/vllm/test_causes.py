"""Why a server ended, from its log."""

import pytest

from serving.inference.vllm.causes import cause_of


class TestCause:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "memory of the device"),
            ("ValueError: No available memory for the cache blocks.", "memory of the device"),
            ("OSError: acme/none is not a local folder and is not a valid model identifier", "model was not found"),
            ("OSError: [Errno 98] Address already in use", "port is taken"),
            ("RuntimeError: Failed to infer device type", "not supported by this build"),
            ("api_server.py: error: unrecognized arguments: --bogus", "PIXEL_VLLM_EXTRA_ARGUMENTS"),
            ("Model architectures ['X'] are not supported for now.", "does not know this kind"),
        ],
    )
    def test_known_ones_are_told_with_what_to_do(self, line: str, expected: str) -> None:
        assert expected in cause_of(["INFO start", line, "INFO end"])

    def test_of_others_the_last_error_is_told(self) -> None:
        lines = ["INFO start", "ValueError: something else", '  File "x.py", line 3, in error', "INFO cleaning up"]
        assert cause_of(lines) == "ValueError: something else"

    def test_silence_is_told_too(self) -> None:
        assert cause_of([]) == "it wrote nothing"
