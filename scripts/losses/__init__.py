"""Losses: each loss that is not a sum of terms is a module, named as in the config."""
