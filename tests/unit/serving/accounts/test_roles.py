"""Tests of what each role may do."""

import pytest

from serving.accounts.roles import PERMISSIONS, AnyRole, Permission, VisitorRole
from storage.postgres.models.member import Role


class TestPermissions:
    def test_every_role_has_an_entry(self) -> None:
        assert set(PERMISSIONS) == set(Role) | set(VisitorRole)

    def test_an_owner_may_do_everything(self) -> None:
        assert PERMISSIONS[Role.OWNER] == frozenset(Permission)

    @pytest.mark.parametrize(
        ("less", "more"),
        [
            (VisitorRole.VISITOR, Role.VIEWER),
            (Role.VIEWER, Role.AGENT),
            (Role.AGENT, Role.ANALYST),
            (Role.ANALYST, Role.BUILDER),
            (Role.BUILDER, Role.OWNER),
        ],
    )
    def test_each_step_up_adds_something_and_takes_nothing(self, less: AnyRole, more: AnyRole) -> None:
        assert PERMISSIONS[less] < PERMISSIONS[more]

    def test_a_visitor_may_chat_and_open_what_was_shown(self) -> None:
        assert PERMISSIONS[VisitorRole.VISITOR] == {Permission.CHAT, Permission.OPEN_PASSAGES}

    def test_who_may_change_what(self) -> None:
        writers = {role for role, granted in PERMISSIONS.items() if Permission.WRITE_KNOWLEDGE in granted}
        managers = {role for role, granted in PERMISSIONS.items() if Permission.MANAGE_ORGANIZATION in granted}
        readers = {role for role, granted in PERMISSIONS.items() if Permission.READ_ALL_CONVERSATIONS in granted}
        assert writers == {Role.BUILDER, Role.OWNER}
        assert managers == {Role.OWNER}
        assert Role.VIEWER not in readers
