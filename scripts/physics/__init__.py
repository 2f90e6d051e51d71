"""Collision events: reading them, and the features that a search cuts on."""
