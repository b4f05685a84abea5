"""Shapes of what is done with many documents at once."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from serving.accounts.schemas import Read, Write
from serving.knowledge.schemas import MetadataKey, MetadataValue, Tag
from serving.retrieval.filters import Filter

MOST_DOCUMENTS = 10_000

DocumentIds = Annotated[list[uuid.UUID], Field(min_length=1, max_length=MOST_DOCUMENTS)]


class RelocationCreate(Write):
    """Move or copy documents to a knowledge base."""

    document_ids: DocumentIds
    knowledge_base_id: uuid.UUID = Field(description="where they go")


class RelocationOut(Read):
    """What was moved, or the copies that were made."""

    knowledge_base_id: uuid.UUID
    document_ids: list[uuid.UUID]


class DeleteAction(Write):
    """Delete them; no answer uses them from the next question on."""

    kind: Literal["delete"]


class TagsAction(Write):
    """Add and remove tags."""

    kind: Literal["tags"]
    add: list[Tag] = Field(default_factory=list, max_length=50)
    remove: list[Tag] = Field(default_factory=list, max_length=50)


class MetadataAction(Write):
    """Merge metadata: a field that is given is set, one that is given as null is removed, others stay."""

    kind: Literal["metadata"]
    custom_metadata: Annotated[dict[MetadataKey, MetadataValue | None], Field(max_length=50)]


class GroupsAction(Write):
    """Say which groups may read them; null opens them to everybody."""

    kind: Literal["groups"]
    group_ids: list[uuid.UUID] | None = Field(max_length=100)


class ReadAgainAction(Write):
    """Read and index them again; what is searchable stays so meanwhile."""

    kind: Literal["read_again"]


Action = Annotated[
    DeleteAction | TagsAction | MetadataAction | GroupsAction | ReadAgainAction, Field(discriminator="kind")
]


class BulkCreate(Write):
    """Do something with many documents: those that are named, or those of a knowledge base that pass a filter."""

    action: Action
    document_ids: DocumentIds | None = None
    knowledge_base_id: uuid.UUID | None = Field(default=None, description="goes with `filter`")
    filter: Filter | None = Field(default=None, description="an empty one means every document")
    is_dry_run: bool = Field(default=False, description="only say what would be changed")

    @model_validator(mode="after")
    def _says_which(self) -> "BulkCreate":
        """Refuse a request that names documents in two ways, or in none."""
        by_filter = self.filter is not None and self.knowledge_base_id is not None
        if by_filter == (self.document_ids is not None) or (self.filter is None) != (self.knowledge_base_id is None):
            raise ValueError("give either document_ids, or knowledge_base_id with filter")
        return self


class BulkOut(Read):
    """How many documents were chosen and how many changed; with a dry run, how many would be."""

    documents: int
    changed: int
    is_dry_run: bool
    names: list[str] = Field(description="the first twenty that are chosen, by name")


class SharedBot(Read):
    """A bot and whether it reads a knowledge base."""

    id: uuid.UUID
    name: str
    slug: str
    version: int
    reads_it: bool
    reads_all: bool = Field(description="whether it reads every knowledge base, whatever is shared with it")


class SharingUpdate(Write):
    """The bots that read a knowledge base; others stop reading it."""

    chatbot_ids: list[uuid.UUID] = Field(max_length=1000)


def details_of(action: Any) -> dict[str, Any]:
    """An action for the audit log: its kind and which fields it names, never their values."""
    said: dict[str, Any] = {"action": action.kind}
    if isinstance(action, MetadataAction):
        said["fields"] = sorted(action.custom_metadata)
    elif isinstance(action, TagsAction):
        said |= {"add": action.add, "remove": action.remove}
    elif isinstance(action, GroupsAction):
        said["group_ids"] = None if action.group_ids is None else [str(one) for one in action.group_ids]
    return said
