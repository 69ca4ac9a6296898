"""Reading data: any container of sequences becomes one frozen data class of flat float32 steps, and back.

Every error about the input is raised here. Networks, training and estimators are not known here; torch only gathers
batches, and is asked for the sequences that it has packed.
"""
