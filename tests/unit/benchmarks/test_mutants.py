"""Tests of the fuzzer's damaged documents."""

from pathlib import Path

from benchmarks.mutants import mutants, seeds


class TestMutants:
    def test_the_same_seed_gives_the_same_ones(self, tmp_path: Path) -> None:
        originals = seeds(tmp_path)

        first, again, other = (list(mutants(originals, 50, seed=seed)) for seed in (1, 1, 2))

        assert first == again
        assert first != other
        assert {Path(mutant.name).suffix for mutant in first} >= {".pdf", ".docx", ".png"}

    def test_most_differ_from_their_seed(self, tmp_path: Path) -> None:
        originals = seeds(tmp_path)
        known = {original.data for original in originals}

        assert sum(mutant.data in known for mutant in mutants(originals, 200, seed=3)) < 20
