"""Settings for all tests: one thread, so that results and times do not depend on the machine's cores."""

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)

settings.register_profile("suite", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def tiny() -> dict[str, object]:
    """Parameters of a network that is too small to be good, for tests of everything else."""
    return {
        "latent_dim": 3,
        "hidden_layer_sizes": (5,),
        "batch_size": 4,
        "max_epochs": 2,
        "random_state": 0,
    }
