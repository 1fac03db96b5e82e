"""Labels for boxes, as PDF: a QR code to scan, a code to type, and where the box goes.

Nothing on a label says whose box it is or what is in it: `Label` has no field for either.
"""

from shipments.boxes.labels.label import Handling, Label
from shipments.boxes.labels.paper import Paper
from shipments.boxes.labels.sheet import draw_labels

__all__ = ["Handling", "Label", "Paper", "draw_labels"]
