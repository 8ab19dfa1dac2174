"""Steps in processes of their own: foreign models and native kernels may end those, and nothing else."""
