"""Settings for all tests: one thread, so that results and times do not depend on the machine's cores."""

import torch
from hypothesis import settings

torch.set_num_threads(1)

settings.register_profile("suite", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("suite")
