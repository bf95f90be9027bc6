"""Spans of the bot's work: W3C context in and out, head sampling, OTLP over HTTP; no package is needed."""
