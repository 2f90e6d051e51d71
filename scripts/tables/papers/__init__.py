"""Tables for one paper."""
