"""A short run of the fuzzer: nothing that is given may take a worker along."""

from benchmarks.fuzz import fuzz


class TestFuzz:
    def test_two_hundred_damaged_documents(self) -> None:
        figures = {figure["name"]: figure for figure in fuzz(200, seed=7)["figures"]}

        assert sum(figures["mutants"]["outcomes"].values()) == 200
        for name in ("lost workers", "parser processes that crashed", "hangs"):
            assert figures[name]["value"] == 0, figures[name]
        assert figures["largest parser process"]["value"] <= 512
