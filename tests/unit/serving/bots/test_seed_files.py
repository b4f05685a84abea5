from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from serving.bots.seed_files import SEEDS, read_collaboration_flows, read_templates


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """A copy of the seeds that a test may damage."""
    shutil.copytree(SEEDS, tmp_path / "seeds")
    return tmp_path / "seeds"


class TestReadTemplates:
    def test_puts_the_texts_where_the_configuration_expects_them(self) -> None:
        (row,) = [row for row in read_templates() if row["template_id"] == "art-design-expert-v1"]
        folder = SEEDS / "templates" / "art-design-expert-v1"
        assert row["description"] == (folder / "description.md").read_text(encoding="utf-8").strip()
        assert row["conversation_config"]["welcome_message"].startswith("Hello, let us make something")
        assert row["ai_config"]["system_prompt"].startswith("You are the design expert")
        assert "expert" not in row

    def test_refuses_an_empty_text(self, seeds: Path) -> None:
        (seeds / "templates" / "art-design-expert-v1" / "welcome.md").write_text("\n")
        with pytest.raises(ValueError, match=r"welcome\.md is empty"):
            read_templates(seeds)

    def test_refuses_a_folder_of_another_name(self, seeds: Path) -> None:
        (seeds / "templates" / "art-design-expert-v1").rename(seeds / "templates" / "art")
        with pytest.raises(ValueError, match="is about `art-design-expert-v1`"):
            read_templates(seeds)


class TestReadCollaborationFlows:
    def test_refuses_a_file_that_is_no_mapping(self, seeds: Path) -> None:
        (seeds / "collaboration_flows" / "broken.yaml").write_text("- a list\n")
        with pytest.raises(ValueError, match="Expected a mapping"):
            read_collaboration_flows(seeds)
