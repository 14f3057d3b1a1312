"""The only room that knows ESMValCore and ESMValTool: settings, provenance, tags, and the command line."""
