"""Whole networks trained from labelled pictures, made smaller and made fit for int8 (extra `torch`).

In run order: a course file says what is wanted, a lesson holds the pictures, the loop trains, pruning takes channels
out, distillation and quantisation-aware training give back what that cost, and the result is a float bundle.
"""
