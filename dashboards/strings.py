"""Every sentence that the dashboards show."""

APP_TITLE = "Pixel AI Creator"

SIGN_IN_TITLE = "Sign in"
SIGN_IN_EMAIL = "E-mail"
SIGN_IN_PASSWORD = "Password"  # noqa: S105 - a label
SIGN_IN_BUTTON = "Sign in"
SIGN_IN_HELP = "The first owner's password was printed once by `pixel up` or `make demo`."
SIGN_OUT = "Sign out"
ORGANIZATION = "Organization"
NO_ORGANIZATION = "You are not a member of any organization yet. Ask an owner to add you."
SESSION_ENDED = "Your session has ended. Sign in again."

OVERVIEW = "Overview"
OVERVIEW_DAYS = "Period"
OVERVIEW_DAY_NAMES = {7: "7 days", 30: "30 days", 90: "90 days"}
OVERVIEW_EMPTY = "No question has been asked in this period yet. Ask the first one on the page **Ask**."
OVERVIEW_NOT_BUILT = "The warehouse has not been built yet. Dagster's job `refresh_warehouse` builds it."
OVERVIEW_ANSWERS = "Answers"
OVERVIEW_GROUNDED = "Answered with sources"
OVERVIEW_REFUSED = "Not answered"
OVERVIEW_REFUSED_HELP = "The bot said that the documents do not answer the question."
OVERVIEW_THUMBS = "Thumbs up"
OVERVIEW_THUMBS_HELP = "Share of rated answers that got a thumb up."
OVERVIEW_P95 = "Slowest 5 %"
OVERVIEW_P95_HELP = "95 of 100 answers were finished within this time."
OVERVIEW_COST = "Cost"
OVERVIEW_PER_DAY = "Answers per day"
OVERVIEW_PER_DAY_ALT = "Bars: answers per day, by whether they were answered with sources, not answered, or failed."
OVERVIEW_DOCUMENTS = "Documents"
OVERVIEW_DOCUMENTS_ALT = "Bar: documents by the state of their newest version."
OVERVIEW_NO_DOCUMENTS = "No documents yet. Upload some on the page **Knowledge**."
OUTCOMES = {"answered": "Answered", "refused": "Not answered", "failed": "Failed"}

TRAFFIC = "Live traffic"

BOTS = "Bots"

CONVERSATIONS = "Conversations"
CONVERSATIONS_EMPTY = "No conversations yet. Start one on the page **Ask**."
CONVERSATIONS_CHOOSE = "Conversation"
CONVERSATIONS_MORE = "Receipt"
ASKERS = {"member": "Member", "program": "Program", "visitor": "Visitor"}
UNTITLED = "Untitled"
MESSAGE_STATES = {
    "streaming": "Being answered …",
    "complete": "Nothing was said.",
    "failed": "This answer was cut off.",
    "cancelled": "This answer was stopped.",
    "interrupted": "The reader left, or the service restarted, before the answer was there.",
}

RECEIPT_WHY = "What this answer came from"
RECEIPT_MISSING = "This answer has no receipt, because it did not come to its end."
RECEIPT_PASSAGES = "Passages that the answer was given"
RECEIPT_ERASED = "erased document"
RECEIPT_TRANSLATION = "{part}: {outcome}, {from} to {to}, {model}, {cost} USD"
RECEIPT_WITHHELD = "a document that you may not read"
RECEIPT_TIMES = "Time by stage"
RECEIPT_TIMES_ALT = "Bars: milliseconds by stage of the answer."
RECEIPT_RAW = "Everything"

KNOWLEDGE = "Knowledge"
KNOWLEDGE_BASE = "Knowledge base"
KNOWLEDGE_NONE = "No knowledge base yet."
KNOWLEDGE_NEW = "New knowledge base"
KNOWLEDGE_NEW_NAME = "Name"
KNOWLEDGE_NEW_BUTTON = "Make it"
KNOWLEDGE_BASE_NAME = "{name} · {ready} of {documents} documents read"
KNOWLEDGE_FILES = "Files"
KNOWLEDGE_UPLOAD = "Add documents"
KNOWLEDGE_UPLOAD_HELP = (
    "PDF, Word (DOCX), PowerPoint (PPTX), Excel (XLSX), OpenDocument text (ODT), EPUB, web pages, e-mails (EML), CSV, "
    "Markdown and text; pictures and scans where OCR is on."
)
KNOWLEDGE_UPLOADED = "{count} accepted; they become searchable in a few seconds."
KNOWLEDGE_EMPTY = "Nothing in here yet. Add the first documents above."
KNOWLEDGE_FAILED = "Could not be read ({count})"
KNOWLEDGE_VERSIONS = "Versions"
KNOWLEDGE_DOCUMENT = "Document"
KNOWLEDGE_DELETE = "Delete"
KNOWLEDGE_DELETE_ASK = "Delete **{name}**? No answer will use it from the next question on."
KNOWLEDGE_DELETE_SURE = "Yes, delete it"
KNOWLEDGE_REFRESH = "Refresh"
VERSION_CURRENT = "current"
VERSION_HELD = "Version {number} waits for your decision: {reason}."
VERSION_HELD_LOOK = "Version {number} waits for a decision: {reason}."
VERSION_QUALITY = "reading quality {score:.2f}"
VERSION_DATES = "the document says it was last changed on {date:%d %b %Y}"
VERSION_FINDINGS = "What to know about version {number} ({count})"
VERSION_FINDINGS_CUT = "The first {count} of {total}."
VERSION_ACTIONS = {
    "accept": "Accept it",
    "make-current": "Go back to version {number}",
    "discard": "Discard it",
    "cancel": "Stop reading version {number}",
    "resume": "Read version {number} after all",
}
VERSION_DECIDED = "Done. It takes effect in a few seconds."
FINDINGS = {
    "hidden_text": "Hidden text",
    "attachment": "Attachment",
    "active_content": "Active content",
    "truncated": "Not read to its end",
}
DIFF = "Differences"
DIFF_FROM = "Older"
DIFF_TO = "Newer"
DIFF_VERSION = "version {number}"
DIFF_SUMMARY = "{changed} passages changed, {added} added, {removed} removed, {same} the same"
DIFF_NONE = "Both versions say the same."
DIFF_CUT = "There are more differences than are shown."
DIFF_KINDS = {"changed": "Changed", "added": "Added", "removed": "Removed"}
DUPLICATES = "Documents that say the same ({count})"
DUPLICATES_EXACT = "same file"
DUPLICATES_NEAR = "{percent} % the same wording"
COLUMN_DOCUMENT = "Document"
COLUMN_STATE = "State"
COLUMN_VERSION = "Version"
COLUMN_PAGES = "Pages"
COLUMN_PASSAGES = "Passages"
COLUMN_LANGUAGE = "Language"
COLUMN_SIZE = "Size (kB)"
COLUMN_CHANGED = "Changed"
COLUMN_REASON = "Why"
STATES = {
    "staged": "waiting",
    "processing": "being read",
    "ready": "ready",
    "superseded": "replaced",
    "held": "waits for a decision",
    "cancelled": "stopped",
    "failed": "not readable",
}

ASK = "Ask"
ASK_BOT = "Bot"
ASK_NO_BOT = "No bot yet. Make one with `POST /api/v1/chatbots`, or run `make demo`."
ASK_INPUT = "Ask about your documents"
ASK_NEW = "New conversation"
ASK_TRY_AGAIN = "Try again"
ASK_EDIT = "Ask in other words"
ASK_EDIT_SEND = "Ask"
ASK_VARIANT = "{number} of {count}"
ASK_EARLIER = "Earlier version"
ASK_LATER = "Later version"
ASK_PERSON = "Ask for a person"
ASK_PERSON_ASKED = "Somebody will answer here. Until then the bot is silent; look again with **{refresh}**."
ASK_SOURCES = "Sources"
ASK_RELATED = "The closest passages, which did not answer the question"
ASK_PASSAGE = "Passage"
ASK_OLD_VERSION = "This is version {version}; a newer one is current."
ASK_RATE_FAILED = "The rating was not kept: {error}"
PAGE = "page {page}"

READING_DOCUMENTS = "{done} of {total} documents"
READING_PAGES = "{done} of {total} pages"
READING_PASSAGES = "{done} of {total} passages of long documents"
READING_LEFT = "about {seconds} s left"
READING_CANCEL = "Stop reading"

KNOWLEDGE_TABS = ("Documents", "Settings", "Bots", "Index versions")
FILTER_TEXT = "Search in names"
FILTER_STATES = "State"
FILTER_TAGS = "Tags"
FILTER_NOTHING = "No document passes the filters."
CHOOSE_ALL = "Choose all {count} that are shown"
CHOSEN = "{count} chosen"
COLUMN_TAGS = "Tags"
COLUMN_GROUPS = "Restricted"
BULK_ACTION = "Do with them"
BULK_ACTIONS = {
    "move": "Move to another knowledge base",
    "copy": "Copy to another knowledge base",
    "tags": "Add or remove tags",
    "groups": "Say who may read them",
    "read_again": "Read them again",
    "delete": "Delete them",
}
BULK_SAYS = {
    "move": "They leave **{base}** at once and are found in the other one a few seconds later. Their versions stay.",
    "copy": "Each becomes a document of its own. Nothing is read again; they are found a few seconds later.",
    "tags": "Tags that a document has already are not added twice.",
    "groups": "Only members of the groups, and owners, find and read them. No group at all opens them to everybody.",
    "read_again": "The originals are read and indexed again. What is found now is found until that is done.",
    "delete": "No answer uses them from the next question on. Their files stay until they are erased.",
}
BULK_TARGET = "Knowledge base"
BULK_NO_TARGET = "There is no other knowledge base. Make one above."
BULK_TAGS_ADD = "Tags to add, separated by commas"
BULK_TAGS_REMOVE = "Tags to remove"
BULK_GROUPS = "Groups"
BULK_SURE = "I understand what happens to {count} documents"
BULK_DO = "Do it"
BULK_DONE = "Done: {count} documents."

BASE_NAME = "Name"
BASE_TAGS = "Tags, separated by commas"
BASE_SAVE = "Save"
BASE_SAVED = "Saved."
BASE_RETRIEVAL = "How passages are found"
BASE_ARCHIVE = "Archive"
BASE_ARCHIVE_ASK = "Archive **{name}**? Bots stop reading it at once. It can be brought back."
BASE_ARCHIVE_SURE = "Yes, archive it"
BASE_ARCHIVED = "Archived ({count})"
BASE_UNARCHIVE = "Bring {name} back"

RETRIEVAL_DEFAULT = "as it is"
RETRIEVAL_MODE = "Search"
RETRIEVAL_MODES = {"hybrid": "by meaning and words", "vector": "by meaning", "text": "by words"}
RETRIEVAL_FUSION = "Joining"
RETRIEVAL_FUSIONS = {"convex": "weighted scores", "reciprocal_rank": "ranks"}
RETRIEVAL_WEIGHT = "Weight of meaning (0 to 1)"
RETRIEVAL_DIVERSITY = "Diversity (0 to 1)"
RETRIEVAL_NEIGHBOURS = "Neighbours read along"
RETRIEVAL_RERANKS = "Reranker"
RETRIEVAL_YES_NO = {True: "on", False: "off"}
RETRIEVAL_BOOSTS = "Boosts as JSON"
RETRIEVAL_BOOSTS_HELP = (
    '[{"filter": {"all": [{"field": "tags", "operator": "contains", "value": "faq"}]}, "factor": 1.5}]'
)
RETRIEVAL_BOOSTS_WRONG = "The boosts are no JSON list: {error}"

SHARING_BOTS = "Bots that read it"
SHARING_ALWAYS = "Read every knowledge base anyway: {names}"
SHARING_SAVE = "Share"
SHARING_SAVED = "Shared. Each bot that changed has a new version."
SHARING_NONE = "No bot yet."

INDEX_NONE = "No index version yet. The first document makes one."
INDEX_STATES = {
    "building": "being built",
    "candidate": "candidate",
    "live": "live",
    "retired": "retired",
    "failed": "failed",
}
INDEX_LINE = "**{number}** · {state} · {model} · {chunker}"
INDEX_GATES = "Gates of version {number}"
INDEX_GATE = "{mark} **{name}**: {detail}"
INDEX_BUILD = "Build a version"
INDEX_BUILD_MODEL = "Embedding model (as live when empty)"
INDEX_BUILD_TOKENS = "Most tokens in a passage (0: as live)"
INDEX_BUILD_SAYS = (
    "It is built beside the live one and judged by the gates. Nothing changes for questions until it is promoted."
)
INDEX_BUILD_SURE = "Build it"
INDEX_BUILT = "Asked for. A worker builds it."
INDEX_PROMOTE = "Promote version {number}"
INDEX_PROMOTE_SAYS = "Version {number} answers from the next question on. You can go back at any time."
INDEX_PROMOTE_SURE = "Yes, promote version {number}"
INDEX_ROLLBACK = "Roll back"
INDEX_ROLLBACK_SAYS = "The version that was live before answers again from the next question on."
INDEX_ROLLBACK_SURE = "Yes, roll back"
INDEX_FLIPPED = "Version {number} is live."

LAB = "Search lab"
LAB_QUESTION = "Question"
LAB_START = "Type a question that people ask, and see what two ways of searching find for it."
LAB_SIDES = {"left": "Left", "right": "Right"}
LAB_SETTINGS = "Settings of {side}"
LAB_INDEX = "Index version"
LAB_LIVE = "live"
LAB_NOTHING = "Nothing was found."
LAB_PASSAGE = "**{rank}. {name}**{moved}"
LAB_MOVED = {"up": " :green[▲ {by}]", "down": " :red[▼ {by}]", "new": " :blue[only here]", "same": ""}
LAB_SCORES = "score {score} · meaning {vector} · words {text} · joined {fused} · reranker {reranker}"
LAB_RANKED = "{score:.3f} (rank {rank})"
LAB_TIMES = "{stages}"
LAB_MARKS = {"right": "Right", "partly": "Partly", "wrong": "Wrong"}
LAB_RELEVANCE = {"right": 2, "partly": 1, "wrong": 0}
LAB_MARKED = "Kept as {mark}."
LAB_LABELS = "Labels ({count})"
LAB_LABEL = "{query} → {document} · {mark}{old}"
LAB_LABEL_MARKS = {0: "wrong", 1: "partly right", 2: "right", 3: "exactly right"}
LAB_LABEL_OLD = " · of an older version"
LAB_LABEL_DELETE = "Remove"
LAB_NO_LABELS = "No labels yet. Mark passages above."
LAB_COMPARE = "Ask the labelled questions both ways"
LAB_COMPARED = "{count} questions"
LAB_COMPARED_CUT = "The first {count} questions count."
LAB_SIDE = "**{side}** · nDCG@10 {ndcg} · recall@10 {recall} · {ms:.0f} ms"
LAB_DIFFERENCE = "Right against left: nDCG {ndcg}, recall {recall}"
LAB_ESTIMATE = "{value:+.3f} [{low:+.3f}, {high:+.3f}]"
LAB_MEAN = "{value:.3f} [{low:.3f}, {high:.3f}]"

UNDERSTANDING = "Understanding"
UNDERSTANDING_BOT = "Bot"
UNDERSTANDING_NO_BOT = "No bot yet. Make one first."
ASKED_TITLE = "What people asked"
ASKED_DAYS = "Period"
ASKED_EMPTY = "No question to this bot in this period is in the warehouse yet."
ASKED_QUESTIONS = "Questions"
ASKED_OUT_OF_SCOPE = "Out of scope"
ASKED_OUT_OF_SCOPE_HELP = "Share of the questions whose intent was looked for that had none of the bot's intents."
ASKED_NEGATIVE = "Displeased"
ASKED_NEGATIVE_HELP = "Share of the questions with a sentiment, which are those in English, that sound displeased."
ASKED_INTENTS = "Share of intents"
ASKED_INTENTS_ALT = (
    "Bars: the share of each intent, out of scope included, among the questions whose intent was looked for."
)
ASKED_NO_INTENTS = "Intents were not looked for: the bot has no trained model, or does not understand questions."
ASKED_OUTSIDE = "out of scope"
ASKED_SENTIMENT = "Sentiment over time"
ASKED_SENTIMENT_ALT = "Bars: questions per day, by whether they sound pleased, neutral or displeased."
ASKED_NO_SENTIMENT = "No question of this period has a sentiment: it is told of English only."
SENTIMENTS = {"positive": "pleased", "neutral": "neutral", "negative": "displeased"}
TRY_TITLE = "Try it"
TRY_TEXT = "What somebody might write"
TRY_START = "Type what somebody might write, and see what the bot understands of it."
TRY_LANGUAGE = "Language"
TRY_INTENT = "Intent"
TRY_SENTIMENT = "Sentiment"
TRY_UNKNOWN = "not sure"
TRY_OUT_OF_SCOPE = "out of scope"
TRY_NOT_AVAILABLE = "not available"
TRY_CONFIDENCE = "{share:.0%} sure"
TRY_LIKELIEST = "likeliest: {intent}, {share:.0%} sure; {threshold:.0%} are needed"
TRY_ENTITIES = "Entities"
TRY_NO_ENTITY = "No entity was found."
TRY_ENTITY_COLUMNS = {"kind": "Kind", "text": "As written", "value": "Meaning", "confidence": "Sure"}
TRY_REASON = "{part}: {detail}"
TRY_PARTS = {"intent": "Intent", "sentiment": "Sentiment", "names": "Names of people"}
TRY_TIMES = "{stages}"
INTENTS = "Intents"
INTENTS_NONE = "No intents yet. Add the first one below, with five examples or more; ten are better."
INTENTS_NAME = "{name} · {count} examples"
INTENTS_OUT_OF_SCOPE = " · out of scope"
INTENTS_EXAMPLES = "Examples, one a line"
INTENTS_ADD_EXAMPLES = "Add examples"
INTENTS_ADDED = "{added} added, {known} were there before."
INTENTS_DELETE = "Delete the intent and its examples"
INTENTS_DELETE_EXAMPLE = "Remove"
INTENTS_NEW = "New intent"
INTENTS_NEW_NAME = "Name"
INTENTS_NEW_OUTSIDE = "These examples are out of scope: the bot is not for them"
INTENTS_NEW_BUTTON = "Add the intent"
MODEL_TITLE = "Training"
MODEL_NONE = "Not trained yet. Two intents with five examples each are enough to begin."
MODEL_STALE = "Examples changed after the last training. Train again to use them."
MODEL_TRAIN = "Train"
MODEL_TRAINING = "Learning from the examples …"
MODEL_LIVE = "Model {number} is live. It was judged on examples that it had not seen."
MODEL_ACCURACY = "Right intent"
MODEL_ACCURACY_HELP = "Share of held-out examples with the right intent; one taken for out of scope counts as wrong."
MODEL_REFUSED = "Taken for out of scope"
MODEL_OUTSIDE = "Out of scope recognised"
MODEL_OUTSIDE_NONE = "no examples"
MODEL_CONFUSIONS = "What was taken for what ({count})"
MODEL_CONFUSION_COLUMNS = {"intent": "Right", "taken_for": "Taken for", "count": "Times", "example": "Example"}
MODEL_TEST = "Test with your own texts"
MODEL_TEST_HELP = "One a line: the text, a tab or `|`, and the right intent; no intent for out of scope."
MODEL_TEST_BUTTON = "Test"

INBOX = "Inbox"
INBOX_EMPTY = "Nobody waits for a person. When somebody asks for one, the conversation appears here."
INBOX_WAITING = {0: "Nobody waits", 1: "1 waits"}
INBOX_WAIT = "{count} wait"
INBOX_COUNTS = "{waiting} · {assigned} answered by somebody, {mine} of them by you"
INBOX_CHOOSE = "Conversation"
INBOX_REFRESH = "Look again"
INBOX_LINE = "{place}. {state} · {waited} · {bot} · {asker} · {title}"
INBOX_STATES = {"requested": "Waiting", "assigned": "Taken"}
INBOX_REASONS = {
    "asked": "They asked for a person.",
    "refusals": "The bot did not know several times in a row.",
    "requested": "A person was asked for with the button.",
}
INBOX_NOTE = "Note: {note}"
INBOX_TAKEN_BY = "{name} answers here."
INBOX_TAKE = "Take"
INBOX_RELEASE = "Back into the queue"
INBOX_RESOLVE = "Resolved: the bot answers again"
INBOX_REPLY = "Your reply"
INBOX_SEND = "Send"
INBOX_CANNED = "Canned reply"
INBOX_CANNED_NONE = "None"
INBOX_CANNED_SEARCH = "Search canned replies"
INBOX_AGENT = "Answered by a person"
INBOX_CANNED_NEW = "New canned reply"
INBOX_CANNED_SHORTCUT = "Shortcut, for example `thanks`"
INBOX_CANNED_TITLE = "Title"
INBOX_CANNED_TEXT = "Text"
INBOX_CANNED_KEEP = "Keep it"
PAGER_BEFORE = "Before"
PAGER_AFTER = "After"
PAGER_SHOWN = "{first}–{last} of {total}"
MINUTES = "{count} min"
