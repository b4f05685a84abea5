"""How good a ranking is. The metrics live in `serving.judgements`, because a comparison over the API uses them, too."""

from serving.judgements.ranking import hit_at as hit_at
from serving.judgements.ranking import ndcg_at as ndcg_at
from serving.judgements.ranking import recall_at as recall_at
from serving.judgements.ranking import reciprocal_rank as reciprocal_rank
