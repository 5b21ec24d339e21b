"""The Model Context Protocol server ``plurigrid-ff-mcp``: a door for agents.

It calls what the command line calls and returns the same models. Work that needs torch runs
in a process of its own, which :mod:`~plurigrid_ff.mcp_server.worker` explains; that process
imports nothing of the protocol, so this file imports nothing at all.
"""
