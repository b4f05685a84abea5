"""Every sentence of the page Bots."""

NONE = "No bot yet. Make one with `POST /api/v1/chatbots`, or run `make demo`."
COLUMNS = {"name": "Bot", "model": "Model", "bases": "Knowledge bases", "access": "Who may ask"}
QUOTES = "Quoted sentences"
MODEL_GONE = "a model that was removed"
ALL_BASES = "All, also those made later"
FROM_MODEL = "None: answers without documents"
NO_BASES = "None"
ACCESS = {"members": "Members", "anyone": "Anyone with the link"}
DRAFT = "Members: a draft"
CHOOSE = "Bot"
LINK_MEMBERS = "Its chat page, for members who sign in"
LINK_ANYONE = "Its chat page, for anyone: copy this link"
LINK_HELP = "The address is `PIXEL_DASHBOARD_CHAT_URL`, as browsers reach the API."

PUBLISH = "Publish to visitors"
PUBLISH_SAYS = (
    "Whoever has the link can then ask **{name}** at once, without an account. {reads} What visitors write is stored, and your "
    "organization pays for the answers."
)
READS = "They can be told everything that it reads: **{bases}**. Only documents that are restricted to groups stay closed to them."
READS_ALL = "every knowledge base, also those made later"
READS_NOTHING = "It reads no documents."
PUBLISH_ALL = (
    "This bot reads **every** knowledge base, also those that are made later: all of them would be public. Say below which "
    "ones it is to read."
)
PUBLISH_DRAFT = "It is a draft now: members and API keys can ask it already. Publishing opens it to visitors, and it is no draft any more."
PER_VISITOR = "Questions of one visitor a day"
OF_ALL = "Questions of all visitors together a day"
LIMITS_HELP = "Days end at midnight UTC. Beyond a limit a visitor is asked to come back tomorrow; nothing is charged."
SURE = "I understand that anyone can read what this bot reads"
DO_PUBLISH = "Publish"
PUBLISHED = "Published. The link works from now on."

OPEN_SAYS = "Whoever has the link can ask **{name}**, without an account. {reads}"
SAVE_LIMITS = "Save the limits"
SAVED = "Saved. They count from the next question on."
UNPUBLISH = "Close to visitors"
UNPUBLISH_SAYS = (
    "It closes to visitors with their next request, and looks to them like a bot that is not there. Members go on. What "
    "visitors said stays until it expires. You can publish it again, with the same link."
)
DO_UNPUBLISH = "Yes, close it"
UNPUBLISHED = "Closed to visitors."

READING = "What it reads"
READING_ALL = "Every knowledge base, also those made later"
READING_BASES = "Knowledge bases"
READING_OPEN = (
    "Whoever has the link can ask this bot: what you add here is public as soon as you save. It can then tell anyone everything "
    "that it reads: **{bases}**. Only documents that are restricted to groups stay closed."
)
READING_OPEN_ALL = (
    "Whoever has the link can ask this bot. It would read **every** knowledge base, also those that are made later: all of them "
    "would be public as soon as you save."
)
READING_SAVE = "Save what it reads"
READING_SAVED = "Saved. The bot has a new version."
