"""Everything that speaks HTTP: wiring, access, problems, the JSON API, pages, and the command line that starts it."""
