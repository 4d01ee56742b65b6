"""What `diffusers` is made of: prompts as mixtures, noise that travels, and a pipeline held by its reins."""
