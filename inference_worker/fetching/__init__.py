"""Checkpoints from the hub of Hugging Face, made into folders for `local:`."""
