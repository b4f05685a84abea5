"""Every sentence of the page Live traffic."""

WINDOW = "Period"
WINDOWS = {15: "15 minutes", 60: "1 hour", 360: "6 hours", 1440: "24 hours"}
EMPTY = "No question was asked in this period. The page looks again every few seconds."
ANSWERS = "Questions"
FIRST = "First word"
FIRST_HELP = "Half of the answers began within this time."
SLOWEST = "Slowest 5 %"
SLOWEST_HELP = "95 of 100 answers began within this time."
NOTHING = "–"
SPEED = "Tokens per second"
SPEED_HELP = "Tokens of all answers together, over the period."
FAILED = "Failed"
FAILED_HELP = "Share of questions whose answer did not come to its end because something went wrong."
COST = "Cost"
COST_HELP = "Of answers and of what was asked beside them, such as summaries."
QUEUE = "Running · waiting"
QUEUE_HELP = "Answers of your organization that run on the server that was asked, and questions that wait for a place."
PER_STEP = "Questions by how they ended"
PER_STEP_ALT = "Bars: questions over time, by how their answers ended."
FIRST_ALT = "Lines: milliseconds to the first word over time, median and 95th percentile."
FIRST_TITLE = "Time to the first word"
PERCENTILES = {"first_token_p50_ms": "Half", "first_token_p95_ms": "95 of 100"}
MODELS = "Models"
COLUMNS = {
    "model": "Model",
    "connection": "Connection",
    "state": "State",
    "answers": "Answers",
    "first": "First word, ms",
    "speed": "Tokens/s",
    "calls": "Calls",
    "failures": "Failed",
    "last_error": "Last error",
}
STATES = {"closed": "answers", "half_open": "is tried again", "open": "left alone for {wait:.0f} s"}
NOT_CALLED = "not called yet"
ERRORS = "Why answers failed"
SERVER = (
    "The server that was asked runs {taken:,} of at most {places:,} answers; at most {limit:,} of one organization."
)
REFUSED = "Refused before anything was stored: {counts}."
UNREAD = "Refused unread while the server was full, of any organization: {counts}."
DRAINING = "The server that was asked is about to restart and takes no questions."
OUTCOMES = {
    "answered": "Answered",
    "not_known": "Not known",
    "failed": "Failed",
    "interrupted": "Interrupted",
    "stopped": "Stopped",
    "running": "Running",
}
