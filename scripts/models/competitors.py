"""What learned cuts compete with: a kCuts search, a grid scan, boosted decision trees."""

#: Those that are a list of boxes, one a target, by the key `model` of an entry of the config.
BOX_SEARCHES = ("kcuts", "grid")
COMPETITORS = (*BOX_SEARCHES, "bdt")
#: Models of the config that select by their score.
WITHOUT_CUTS = ("linear", "fully_connected", "bdt")
