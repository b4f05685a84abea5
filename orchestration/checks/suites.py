"""Runs a Great Expectations suite over a query on Postgres, as the owner, who sees every organization."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from storage.postgres.urls import database_urls
from storage.settings import StorageSettings

# Given the module `great_expectations.expectations`, the expectations of a suite. A query behind them selects no text
# of documents: what fails is shown in Dagster.
Suite = Callable[[Any], Sequence[Any]]


def run_suite(settings: StorageSettings, *, name: str, query: str, suite: Suite) -> dg.AssetCheckResult:
    """Validate the rows of a query and say which expectations failed, with how many rows.

    Args:
        settings: Where the database is.
        name: Name of the suite.
        query: Rows to validate.
        suite: Makes the expectations.
    """
    url = database_urls(settings).owner.render_as_string(hide_password=False)
    with warnings.catch_warnings():
        # Great Expectations imports what Python has deprecated; nothing here can act on that.
        warnings.simplefilter("ignore")
        outcome = _validate(url, name, query, suite)
    failed = [_failure(result) for result in outcome.results if not bool(result.success)]
    return dg.AssetCheckResult(
        passed=bool(outcome.success),
        description="; ".join(failed)[:2000] or None,
        metadata={"expectations": len(outcome.results), "failed": len(failed)},
    )


def _validate(url: str, name: str, query: str, suite: Suite) -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_postgres(name, connection_string=url)
    batch = source.add_query_asset(name, query=query).add_batch_definition_whole_table(name)
    expectations = context.suites.add(gx.ExpectationSuite(name, expectations=list(suite(gx.expectations))))
    validation = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=expectations))
    try:
        return validation.run(result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _failure(result: Any) -> str:
    arguments = result.expectation_config.kwargs
    columns = [arguments[key] for key in ("column", "column_A", "column_B") if key in arguments]
    rows = (result.result or {}).get("unexpected_count", "some")
    return f"{result.expectation_config.type}({', '.join(columns)}): {rows} rows"
