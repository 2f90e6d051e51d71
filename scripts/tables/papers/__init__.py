"""Tables that show what one paper says of its own study."""
