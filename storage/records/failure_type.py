"""Why a document could not be read."""

import enum


class FailureType(enum.StrEnum):
    """Why a version could not be read."""

    UNSUPPORTED = "unsupported"
    ENCRYPTED = "encrypted"
    EMPTY = "empty"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    BOMB = "bomb"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    OCR_UNAVAILABLE = "ocr_unavailable"
    FILE_MISSING = "file_missing"
    INTERNAL = "internal"
