"""The Open Inference Protocol, version 2, over HTTP: existing clients work unchanged.

The protocol: github.com/kserve/open-inference-protocol, with the binary tensor data extension as Triton describes it.
"""
