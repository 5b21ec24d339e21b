"""Pictures of the composition graph: which skills stand in which triads.

matplotlib loads when a picture is drawn, not when this package is imported.
"""
