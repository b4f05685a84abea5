"""Evaluations: how good answers are, measured on questions with known answers. Stands above serving."""
