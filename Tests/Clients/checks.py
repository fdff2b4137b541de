"""What the scripts of this folder check with."""


def equal(found, expected, what="value"):
    """Fails with both values, cut to a readable length."""
    if found != expected:
        raise AssertionError(f"{what}: expected {cut(expected)}, found {cut(found)}")


def cut(value, length=300):
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}... ({len(text)} characters)"


def true(condition, what):
    if not condition:
        raise AssertionError(what)
