"""Boxes: pack, check, seal, label."""
