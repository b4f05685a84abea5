"""Tools of whoever asks: offered to the bot's model with the question, called by the asker, their results read with the answer."""
