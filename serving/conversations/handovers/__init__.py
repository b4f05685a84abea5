"""Hand-over of conversations to people: asking for one, the queue, answering, giving back to the bot."""
