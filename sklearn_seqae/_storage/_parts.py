"""A folder of fits that are parts of a greater one."""

from pathlib import Path

__all__ = ["PartsFolder"]


class PartsFolder(str):
    """A folder beside a checkpoint, where the parts of a fit have theirs: these stay until the whole has ended.

    A part that had ended when the whole was killed is then there, and need not be trained again.
    """

    __slots__ = ()

    @classmethod
    def beside(cls, checkpoint: Path) -> "PartsFolder":
        """That of the fit which has this checkpoint."""
        return cls(checkpoint.with_suffix(".parts"))

    @property
    def given(self) -> str:
        """The folder that the user named."""
        return str(Path(self).parent)
