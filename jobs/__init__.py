"""The timetable and what runs on it: the same verbs as the API calls. Knows no HTTP server."""
