"""Errors of accounts."""

from serving.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
)


class WrongCredentialsError(UnauthenticatedError):
    """E-mail and password do not belong together; an unknown account looks the same."""

    slug = "wrong-credentials"
    title = "E-mail or password is wrong"


class TooManyAttemptsError(TooManyRequestsError):
    """Too many failed sign-ins for this account or address."""

    slug = "too-many-attempts"
    title = "Too many failed sign-ins"


class MemberNotFoundError(NotFoundError):
    """No such member."""

    title = "No such member"


class ApiKeyNotFoundError(NotFoundError):
    """No such API key."""

    title = "No such API key"


class LastOwnerError(ConflictError):
    """An organization must keep an owner."""

    slug = "last-owner"
    title = "An organization must keep at least one active owner"


class SlugTakenError(ConflictError):
    """The slug is in use."""

    slug = "slug-taken"
    title = "This slug is in use already"


class MemberExistsError(ConflictError):
    """The person is a member already."""

    slug = "member-exists"
    title = "This person is a member already"


class GroupNotFoundError(NotFoundError):
    """No such group in this organization."""

    title = "No such group"


class GroupSlugTakenError(ConflictError):
    """The slug is in use."""

    slug = "slug-taken"
    title = "Another group of this organization has this slug"


class GroupMemberError(BadRequestError):
    """Only members of the organization can be in a group."""

    slug = "group-member"
    title = "This person is no member of the organization"


class GroupsNotAllowedError(ForbiddenError):
    """Groups that are not one's own, or an opening that is an owner's to make."""

    slug = "groups-not-allowed"
    title = "You may only give a document to groups that you are in"
