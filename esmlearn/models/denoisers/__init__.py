"""The networks of diffusion and their parts."""
