"""``python -m plurigrid_ff.mcp_server`` is the command ``plurigrid-ff-mcp``."""

from plurigrid_ff.mcp_server.command import main

if __name__ == "__main__":
    main(prog_name="plurigrid-ff-mcp")
