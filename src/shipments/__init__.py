"""Tools for returning migrants, from request to hand-over. Knows no HTTP server and no scheduler."""
