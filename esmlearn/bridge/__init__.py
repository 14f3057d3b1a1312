"""All that needs ESMValCore or ESMValTool: settings, provenance, tags, and the command line."""
