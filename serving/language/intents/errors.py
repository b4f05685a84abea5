"""Errors of intents."""

from serving.errors import BadRequestError, ConflictError, NotFoundError, TooManyRequestsError


class IntentNotFoundError(NotFoundError):
    """No such intent."""

    title = "No such intent"


class IntentExampleNotFoundError(NotFoundError):
    """No such example."""

    title = "No such example"


class IntentModelNotFoundError(NotFoundError):
    """No such intent model."""

    title = "No such intent model"


class IntentNameTakenError(ConflictError):
    """The name is in use, or there is an out-of-scope intent already."""

    slug = "name-taken"
    title = "Another intent of this chatbot has this name"


class TooFewExamplesError(BadRequestError):
    """Nothing can be learned from this."""

    slug = "too-few-examples"
    title = "There are too few examples to learn from"


class TooManyExamplesError(BadRequestError):
    """More than one training takes."""

    slug = "too-many-examples"
    title = "There are more examples than one training takes"


class ExampleOfAnotherIntentError(ConflictError):
    """A text can be an example of one intent only."""

    slug = "example-of-another-intent"
    title = "A text is an example of another intent already"


class IntentsNotTrainedError(ConflictError):
    """The bot has no live intent model that fits."""

    slug = "not-trained"
    title = "The chatbot has no usable intent model; train it first"


class TrainingBusyError(TooManyRequestsError):
    """Another training runs."""

    slug = "training-busy"
    title = "Another training is running"
