"""What all ensembles by conditional diffusion share."""
