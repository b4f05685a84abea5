"""The paired bootstrap. It lives in `serving.judgements`, because a comparison over the API uses it, too."""

from serving.judgements.paired import RESAMPLES as RESAMPLES
from serving.judgements.paired import PairedDifference as PairedDifference
from serving.judgements.paired import paired_difference as paired_difference
