"""A bundle's network as C: arrays, figures, a resolver and a self-test for TensorFlow Lite Micro.

`plan_export` says whether and how, `files_of` writes the texts, `write_folder` puts them on the disk whole.
"""
