"""What names of columns suggest. A name alone decides nothing: what the column holds has to agree."""

import re

__all__ = ["sounds_like_answer", "sounds_like_id", "sounds_like_time"]


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IDS = _words_of(
    """
    id ids key name names uid uuid patient patients subject person user customer client account unit series sequence
    sample case specimen sensor device machine engine station site group participant trial run episode session
    """
)
_ID_ENDS = _words_of("id key nr no num number code name")
_TIMES = _words_of(
    """
    time times timestamp timestamps date dates datetime day days hour hours minute minutes second seconds year years
    month months week weeks step steps timestep timesteps cycle cycles when datum zeit epoch
    """
)
# With these, a name still has to stand for something that rises.
_SHORT_TIMES = _words_of("t index idx ts dt")
_UNITS = _words_of("s ms us ns h min utc gmt local unix of in")
_ANSWERS = _words_of(
    """
    label labels class classes target targets anomaly anomalies anomalous outlier outliers changepoint changepoints
    fault faults faulty
    """
)


def _split(name: str) -> list[str]:
    """The words of a name, also of a camelCase one."""
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())


def _words(name: str) -> set[str]:
    """The words of a name; none if it counts, as that of one channel among several does."""
    return set() if re.search(r"\d", name) else set(_split(name))


def sounds_like_id(name: str) -> bool:
    """Whether a name is that of what tells sequences apart."""
    words = _words(name)
    return bool(words) and ((words <= _IDS | _ID_ENDS and bool(words & _IDS)) or _split(name)[-1] in {"id", "uid"})


def sounds_like_time(name: str, *, short: bool = False) -> bool:
    """Whether a name is that of times; a short one, such as t, only if asked for."""
    words, times = _words(name), _TIMES | _SHORT_TIMES if short else _TIMES
    return words <= times | _UNITS and bool(words & times)


def sounds_like_answer(name: str) -> bool:
    """Whether a name is that of what is to be found out, and not measured."""
    words = _words(name)
    return words <= _ANSWERS | {"is", "true", "y"} and bool(words & _ANSWERS)
