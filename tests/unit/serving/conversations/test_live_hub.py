"""News of conversations inside one process and between processes."""

import asyncio
import json
import uuid

from serving.conversations.live.hub import LiveHub

CONVERSATION = uuid.uuid4()


class TestLiveHub:
    def test_typing_wakes_the_other_side_alone(self) -> None:
        hub = LiveHub()
        user, agent = hub.watch(CONVERSATION, "user"), hub.watch(CONVERSATION, "agent")
        hub.typing(CONVERSATION, "user")
        assert (user.changed.is_set(), agent.changed.is_set()) == (False, True)
        assert agent.typing == {"user"}

    def test_another_process_hears_it_and_ones_own_news_are_passed_over(self) -> None:
        one, other = LiveHub(), LiveHub()
        here, there = one.watch(CONVERSATION, "user"), other.watch(CONVERSATION, "user")
        one.changed(CONVERSATION)
        one.changed(CONVERSATION)
        told = asyncio.run(one.untold())
        assert len(told) == 1
        here.changed.clear()
        for hub in (one, other):
            hub.hear(told[0])
        assert (here.changed.is_set(), there.changed.is_set()) == (False, True)

    def test_who_left_is_forgotten(self) -> None:
        hub = LiveHub()
        hub.leave(CONVERSATION, hub.watch(CONVERSATION, "user"))
        assert hub.watchers == 0

    def test_another_process_is_asked_to_stop_an_answer_and_this_one_is_not(self) -> None:
        here: list[uuid.UUID] = []
        there: list[uuid.UUID] = []
        one, other = LiveHub(stop=here.append), LiveHub(stop=there.append)
        message_id = uuid.uuid4()
        one.stop_elsewhere(message_id)
        (told,) = asyncio.run(one.untold())
        for hub in (one, other):
            hub.hear(told)
        assert (here, there) == ([], [message_id])

    def test_news_that_cannot_be_read_are_dropped(self) -> None:
        hub = LiveHub()
        watcher = hub.watch(CONVERSATION, "user")
        for news in (
            "",
            "{}",
            '{"conversation": 1, "from": "x"}',
            '["a"]',
            "null",
            '"a"',
            '{"stop": 1, "from": "x"}',
            "[" * 4000,
        ):
            hub.hear(news)
        assert not watcher.changed.is_set()
        hub.hear(json.dumps({"conversation": str(CONVERSATION), "from": "x", "typing": []}))
        assert watcher.typing == {"[]"}
