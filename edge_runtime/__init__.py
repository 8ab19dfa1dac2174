"""The daemon on the board: pictures in, exactly one verdict per part out, and every alert on disk before it is sent.

It knows the contracts and the boards, neither the workbench that makes bundles nor the manager that hears alerts. Three
promises hold whatever fails: no fault reads as good, no part is passed over in silence, and nothing outside of the
board (broker, network, disk, reader of a log) holds up an inspection.
"""
