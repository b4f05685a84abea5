"""Model connections of an organization and the models behind them."""
