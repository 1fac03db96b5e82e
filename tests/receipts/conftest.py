"""A journey through the verbs."""

from tests.story.fixtures import each_journey, journey

__all__ = ["each_journey", "journey"]
