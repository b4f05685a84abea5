from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serving.bots.seed_files import (
    SEEDS,
    expert_templates,
    read_collaboration_flows,
    read_conversation_flows,
    read_templates,
    resolve_expert,
)

TEMPLATES = read_templates()
FLOWS = read_collaboration_flows()
(ASSESSMENT,) = read_conversation_flows()
TEXT_FILES = sorted((SEEDS / "templates").rglob("*.md"))

TEMPLATE_IDS = {
    "finance-accountant-expert-v1",
    "personal-assistant-expert-v1",
    "marketing-sales-expert-v1",
    "art-design-expert-v1",
    "project-management-expert-v1",
    "legal-consultant-expert-v1",
    "hr-people-ops-expert-v1",
    "digital-business-think-tank-v1",
}
FLOW_NAMES = {
    "marketing_campaign_planning",
    "business_expansion_planning",
    "product_launch_coordination",
    "digital_innovation_strategy",
    "startup_ideation_to_launch",
    "emerging_technology_adoption",
}
FOREIGN_PHRASES = (
    "I'm your AI",
    "CPA-level",
    "You are an expert",
    "I specialize in",
    "I excel",
    "deep knowledge",
    "I can collaborate with",
    "I can coordinate with",
    "I can work with",
    "with expertise in",
    "comprehensive knowledge",
    "exceptional organizational skills",
    "revolutionary business concepts",
    "future-forward",
)


def _template_id(row: dict[str, Any]) -> str:
    return str(row["template_id"])


def _flow_name(row: dict[str, Any]) -> str:
    return str(row["flow_name"])


def _targets(definition: dict[str, Any]) -> set[str]:
    """Every node that a connection, an option or a global action leads to."""
    links = [link for node in definition["nodes"] for link in node.get("connections", [])]
    links += [option for node in definition["nodes"] for option in node["config"].get("options", [])]
    links += definition["global_actions"].values()
    return {link["target"] for link in links}


class TestTemplates:
    def test_the_eight_ids(self) -> None:
        assert {row["template_id"] for row in TEMPLATES} == TEMPLATE_IDS

    @pytest.mark.parametrize("row", TEMPLATES, ids=_template_id)
    def test_values_fit_the_checks(self, row: dict[str, Any]) -> None:
        assert row["complexity_level"] in {"beginner", "intermediate", "advanced", "expert"}
        assert row["price_tier"] in {"free", "basic", "standard", "premium", "enterprise"}

    @pytest.mark.parametrize("row", TEMPLATES, ids=_template_id)
    def test_texts_keep_their_length(self, row: dict[str, Any]) -> None:
        assert len(row["conversation_config"]["welcome_message"].split()) <= 60
        assert len(row["description"].split()) <= 60
        assert 250 <= len(row["ai_config"]["system_prompt"].split()) <= 450

    @pytest.mark.parametrize("row", TEMPLATES, ids=_template_id)
    def test_offers_intents_and_fallbacks(self, row: dict[str, Any]) -> None:
        config = row["conversation_config"]
        assert len(config["fallback_responses"]) >= 2
        assert 3 <= len(config["intents"]) <= 5
        assert all(set(intent) == {"name", "patterns", "responses"} for intent in config["intents"])
        assert all(intent["patterns"] and intent["responses"] for intent in config["intents"])

    @pytest.mark.parametrize("row", TEMPLATES, ids=_template_id)
    def test_collaborators_resolve(self, row: dict[str, Any]) -> None:
        names = row["conversation_config"]["mcp_coordination"]["can_collaborate_with"]
        assert all(resolve_expert(name) for name in names)

    @pytest.mark.parametrize("row", TEMPLATES, ids=_template_id)
    def test_endpoint_name_resolves_to_its_own_expert(self, row: dict[str, Any]) -> None:
        endpoint = row["ai_config"]["mcp_integration"]["coordination_endpoint"]
        assert resolve_expert(endpoint.removeprefix("/mcp/")) == [row["conversation_config"]["expert"]]

    @pytest.mark.parametrize("row", TEMPLATES, ids=_template_id)
    def test_prompt_says_what_to_do_with_evidence(self, row: dict[str, Any]) -> None:
        prompt = row["ai_config"]["system_prompt"].lower()
        assert "passages" in prompt
        assert "cite" in prompt or "source" in prompt
        assert "instruction" in prompt

    def test_every_prompt_hands_over_to_known_experts(self) -> None:
        named = {
            row["template_id"]: [name for name in expert_templates() if name in row["ai_config"]["system_prompt"]]
            for row in TEMPLATES
        }
        assert all(len(experts) >= 4 for experts in named.values()), named


class TestTextFiles:
    def test_three_for_each_template(self) -> None:
        assert len(TEXT_FILES) == 24

    @pytest.mark.parametrize("path", TEXT_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
    def test_written_anew(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert text.strip()
        assert [phrase for phrase in FOREIGN_PHRASES if phrase.lower() in text.lower()] == []


class TestExperts:
    def test_each_template_has_one_expert(self) -> None:
        assert set(expert_templates().values()) == TEMPLATE_IDS
        declared = {row["conversation_config"]["expert"]: row["template_id"] for row in TEMPLATES}
        assert declared == expert_templates()


class TestResolveExpert:
    @pytest.mark.parametrize(
        ("spelling", "canonical"),
        [
            ("legal", "legal-consultant"),
            ("hr", "hr-people-ops"),
            ("hr-expert", "hr-people-ops"),
            ("art-design", "art-design"),
        ],
    )
    def test_finds_the_canonical_name(self, spelling: str, canonical: str) -> None:
        assert resolve_expert(spelling) == [canonical]

    @pytest.mark.parametrize("word", ["all", "all_experts"])
    def test_everyone(self, word: str) -> None:
        assert len(resolve_expert(word)) == 8

    def test_refuses_an_unknown_name(self) -> None:
        with pytest.raises(KeyError, match="Unknown expert `astrology`"):
            resolve_expert("astrology")


class TestCollaborationFlows:
    def test_the_six_names(self) -> None:
        assert {row["flow_name"] for row in FLOWS} == FLOW_NAMES

    @pytest.mark.parametrize("row", FLOWS, ids=_flow_name)
    def test_participants_are_canonical(self, row: dict[str, Any]) -> None:
        assert set(row["participating_experts"]) <= set(expert_templates())

    @pytest.mark.parametrize("row", FLOWS, ids=_flow_name)
    def test_every_expert_in_the_rules_takes_part(self, row: dict[str, Any]) -> None:
        rules = row["coordination_rules"]
        steps = {step["expert"] for step in rules["workflow"]}
        synced = {name for point in rules.get("collaboration_points", []) for name in point["experts"]}
        assert steps <= set(row["participating_experts"])
        assert synced - {"all"} <= set(row["participating_experts"])
        assert all(resolve_expert(name) for name in steps | synced)

    @pytest.mark.parametrize("row", FLOWS, ids=_flow_name)
    def test_handoffs_join_participants(self, row: dict[str, Any]) -> None:
        rules = row["handoff_triggers"]["rules"]
        assert {rule[side] for rule in rules for side in ("from", "to")} == set(row["participating_experts"])

    @pytest.mark.parametrize("row", FLOWS, ids=_flow_name)
    def test_context_schema_describes_an_object(self, row: dict[str, Any]) -> None:
        schema = row["shared_context_schema"]
        assert (schema["type"], schema["additionalProperties"]) == ("object", False)
        assert schema["required"]
        assert set(schema["required"]) <= set(schema["properties"])
        types = {field["type"] for field in schema["properties"].values()}
        assert types <= {"string", "number", "integer", "boolean", "array", "object"}
        arrays = [field for field in schema["properties"].values() if field["type"] == "array"]
        assert all("items" in field for field in arrays)

    @pytest.mark.parametrize("row", FLOWS, ids=_flow_name)
    def test_metrics_are_defined_and_hold_no_measurement(self, row: dict[str, Any]) -> None:
        metrics = row["success_metrics"]["metrics"]
        assert metrics
        assert all(set(metric) == {"name", "definition", "unit", "better"} for metric in metrics)


class TestAssessmentFlow:
    definition: dict[str, Any] = ASSESSMENT["flow_definition"]

    def test_identity(self) -> None:
        assert ASSESSMENT["flow_id"] == "pm-project-assessment-v1"
        assert ASSESSMENT["template_id"] == "project-management-expert-v1"

    def test_every_target_is_a_node(self) -> None:
        assert _targets(self.definition) <= {node["id"] for node in self.definition["nodes"]}

    def test_every_node_can_be_reached(self) -> None:
        nodes = {node["id"] for node in self.definition["nodes"]}
        assert nodes == _targets(self.definition) | {self.definition["start_node"]}

    def test_every_condition_is_defined(self) -> None:
        used = {link["condition"] for node in self.definition["nodes"] for link in node.get("connections", [])}
        assert used - {"always"} == set(self.definition["conditions"])

    def test_every_variable_is_set_by_a_node(self) -> None:
        nodes = {node["id"] for node in self.definition["nodes"]}
        assert {variable["set_by"] for variable in ASSESSMENT["variable_definitions"].values()} <= nodes

    def test_every_field_and_output_is_a_variable(self) -> None:
        configs = [node["config"] for node in self.definition["nodes"]]
        fields = {field["name"] for config in configs for field in config.get("fields", [])}
        outputs = {name for config in configs for name in config.get("output_format", {})}
        assert fields | outputs == set(ASSESSMENT["variable_definitions"]) - {"project_type"}

    @pytest.mark.parametrize("scenario", ASSESSMENT["test_scenarios"], ids=lambda scenario: str(scenario["name"]))
    def test_scenario_follows_links(self, scenario: dict[str, Any]) -> None:
        by_id = {node["id"]: node for node in self.definition["nodes"]}
        anywhere = {action["target"] for action in self.definition["global_actions"].values()}
        for here, there in zip(scenario["path"], scenario["path"][1:], strict=False):
            links = by_id[here].get("connections", []) + by_id[here]["config"].get("options", [])
            assert there in {link["target"] for link in links} | anywhere
        assert scenario["path"][-1] == "assessment_complete"

    def test_no_invented_measurement(self) -> None:
        assert "performance_metrics" not in ASSESSMENT["flow_metadata"]
        assert "execution_stats" not in ASSESSMENT
