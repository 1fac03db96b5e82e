"""The need: asked, answered line by line, withdrawn."""
