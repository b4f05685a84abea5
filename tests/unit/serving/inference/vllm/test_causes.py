"""Why a server ended, from its log."""

import pytest

from serving.inference.vllm.causes import cause_of, telling_lines

# As a server of several processes ends, shortened.
FAILED = [
    *(f"(APIServer pid=1) INFO 11-26 20:38:31 [x.py:{number}] started" for number in range(30)),
    "(Worker pid=3) ERROR 11-26 20:38:56 [multiproc_executor.py:953]     raise ValueError(",
    "(Worker pid=3) ERROR 11-26 20:38:56 [multiproc_executor.py:953] ValueError: Following weights were not initialized from checkpoint",
    "(EngineCore pid=2) Exception: WorkerProc initialization failed due to an exception in a background process. See stack trace for root cause.",
    *(f'  File "core_client.py", line {number}, in __init__' for number in range(30)),
    "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
]


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

    def test_those_who_waited_for_the_one_that_failed_are_not_the_cause(self) -> None:
        assert cause_of(FAILED) == "ValueError: Following weights were not initialized from checkpoint"

    def test_words_that_begin_on_the_next_line_belong_to_the_error(self) -> None:
        lines = [
            "(APIServer pid=1) RuntimeError: ",
            "(APIServer pid=1)         ",
            "(APIServer pid=1)         It was too early.",
        ]
        assert cause_of([*lines, "(APIServer pid=1)  later"]) == "RuntimeError: It was too early."

    @pytest.mark.parametrize(
        "next_line",
        [
            "(APIServer pid=1) Traceback:",
            "(EngineCore pid=2) INFO 11-27 08:03:24 [x.py:1] Shutting down",
            '(EngineCore pid=2)   File "x.py", line 3',
        ],
    )
    def test_words_of_others_do_not(self, next_line: str) -> None:
        assert cause_of(["(EngineCore pid=2) AssertionError: ", next_line]) == "AssertionError:"

    def test_silence_is_told_too(self) -> None:
        assert cause_of([]) == "it wrote nothing"


class TestTellingLines:
    def test_those_around_the_cause(self) -> None:
        shown = telling_lines(FAILED)
        assert len(shown) == 17
        assert "Following weights" in shown[12]

    def test_the_end_where_nothing_was_raised(self) -> None:
        assert telling_lines([str(number) for number in range(50)]) == [str(number) for number in range(34, 50)]
