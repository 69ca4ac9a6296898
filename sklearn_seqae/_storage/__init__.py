"""Fitted estimators as files that hold data alone: values as JSON and arrays, and these as one safetensors file."""
