"""Cellular sheaves on the graph of agents: agreement, what prevents it, and where.

numpy, scipy and networkx only; no torch. :mod:`.sheaf` has the object, the other modules one
question each: :mod:`.cohomology`, :mod:`.spectrum`, :mod:`.diffusion`, :mod:`.holonomy`,
:mod:`.obstruction`, :mod:`.localisation`; :mod:`.matching` and :mod:`.synchronisation` find the
maps between networks.

Reference:
    Hansen & Ghrist (2019), "Toward a spectral theory of cellular sheaves", arXiv:1808.01513.
"""
