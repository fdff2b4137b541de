"""As much of PromQL as the rules and the dashboard use: which metrics and labels a query names, and which labels its result has."""

import re

TOKEN = re.compile(
    r"""\s+ | (?P<text>"(?:[^"\\]|\\.)*") | (?P<range>\[[^\]]*\]) | (?P<time>\d+[smhdwy](?![\w:])) | (?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)
    | (?P<word>[A-Za-z_][\w:]*) | (?P<sign>==|!=|>=|<=|=~|!~|[-+*/%^<>=(){},])""",
    re.VERBOSE,
)
DURATION = re.compile(r"(\d+[smhdwy])+|\$__rate_interval|\$__interval|\$__range")
AGGREGATIONS = {"sum", "min", "max", "avg", "count", "topk", "bottomk", "stddev", "group"}
ADDED = {"job", "instance"}
OVER_COUNTERS = {"rate", "increase"}
# For each function, how many arguments it takes.
FUNCTIONS = {
    "rate": 1, "increase": 1, "delta": 1, "deriv": 1, "max_over_time": 1, "min_over_time": 1, "avg_over_time": 1,
    "last_over_time": 1, "abs": 1, "absent": 1, "histogram_quantile": 2, "clamp_min": 2, "clamp_max": 2, "vector": 1, "time": 0,
}  # fmt: skip
PRECEDENCE = [{"or"}, {"and", "unless"}, {"==", "!=", "<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}, {"^"}]


class Problem(Exception):
    """A query that names something that does not exist, or is not understood."""


class Query:
    """A query, read against the metrics there are.

    `metrics` has for each name its kind (counter, gauge, histogram, recorded) and its labels. After reading, `labels` are those of
    the result, `names` the metrics that are used, and `matched` the values that labels are compared with.
    """

    def __init__(self, text, metrics):
        self.metrics, self.names, self.matched = metrics, set(), []
        self.tokens, place = [], 0
        while place < len(text):
            found = TOKEN.match(text, place)
            if not found:
                raise Problem(f"{text[place:place + 20]!r} is not understood")
            place = found.end()
            if found.lastgroup:
                self.tokens.append((found.lastgroup, found.group()))
        self.tokens.append(("end", ""))
        self.labels = self.check(self.binary(0))
        if self.tokens[0][0] != "end":
            raise Problem(f"{self.tokens[0][1]!r} is not expected")

    # Reading: nodes are tuples, their first part says of what kind.

    def next(self, word=None):
        if word is not None and self.tokens[0][1] != word:
            raise Problem(f"{self.tokens[0][1]!r} is not expected, but {word!r}")
        return self.tokens.pop(0)[1]

    def has(self, *words):
        return self.tokens[0][0] != "text" and self.tokens[0][1] in words

    def list(self):
        self.next("(")
        names = []
        while not self.has(")"):
            names.append(self.next())
            if self.has(","):
                self.next()
        self.next(")")
        return names

    def binary(self, level):
        if level == len(PRECEDENCE):
            return self.unary()
        left = self.binary(level + 1)
        while self.has(*PRECEDENCE[level]):
            sign, matching = self.next(), None
            if self.has("bool"):
                self.next()
            if self.has("on", "ignoring"):
                matching = (self.next(), self.list())
            left = ("binary", sign, matching, left, self.binary(level + 1))
        return left

    def unary(self):
        if self.has("-", "+"):
            self.next()
            return self.unary()
        kind, text = self.tokens[0]
        if kind in ("number", "text"):
            self.next()
            return ("constant", text)
        if self.has("("):
            self.next()
            inner = self.binary(0)
            self.next(")")
            return inner
        if kind != "word":
            raise Problem(f"{text!r} is not expected")
        self.next()
        if text in AGGREGATIONS:
            grouping = (self.next(), self.list()) if self.has("by", "without") else None
            arguments = self.arguments()
            grouping = (self.next(), self.list()) if self.has("by", "without") else grouping
            return ("aggregation", text, grouping, arguments[-1])
        if self.has("("):
            arguments = self.arguments()
            if text not in FUNCTIONS or len(arguments) != FUNCTIONS[text]:
                raise Problem(f"{text} with {len(arguments)} arguments is not known")
            return ("call", text, arguments)
        return self.selector(text)

    def arguments(self):
        self.next("(")
        found = []
        while not self.has(")"):
            found.append(self.binary(0))
            if self.has(","):
                self.next()
        self.next(")")
        return found

    def selector(self, name):
        matchers, span, offset = [], None, None
        if self.has("{"):
            self.next()
            while not self.has("}"):
                label, sign, value = self.next(), self.next(), self.next()
                matchers.append((label, sign, value[1:-1]))
                if self.has(","):
                    self.next()
            self.next("}")
        if self.tokens[0][0] == "range":
            span = self.next()[1:-1]
        if self.has("offset"):
            self.next()
            offset = self.next()
        for duration in (span, offset):
            if duration is not None and not DURATION.fullmatch(duration):
                raise Problem(f"{duration!r} is no duration")
        return ("selector", name, tuple(matchers), span, offset)

    # Checking: the labels of a node's result.

    def check(self, node, above=None):
        match node:
            case ("constant", _):
                return set()
            case ("selector", name, matchers, span, _):
                return self.check_selector(name, matchers, span, above)
            case ("call", name, arguments):
                labels = [self.check(argument, name) for argument in arguments]
                if name == "histogram_quantile":
                    if "le" not in labels[1]:
                        raise Problem("histogram_quantile needs the label le")
                    return labels[1] - {"le"}
                return set() if name in ("absent", "vector", "time") else labels[0]
            case ("aggregation", name, grouping, argument):
                labels = self.check(argument)
                if grouping:
                    self.known(grouping[1], labels, f"{name} {grouping[0]}")
                    return set(grouping[1]) if grouping[0] == "by" else labels - set(grouping[1])
                return labels if name in ("topk", "bottomk") else set()
            case ("binary", sign, matching, left, right):
                if sign == "unless" and self.is_new(left, right):
                    return self.check(left[2][0], "new") | self.check(right[2][0], "new")
                labels, others = self.check(left), self.check(right)
                if matching:
                    self.known(matching[1], labels & others, matching[0])
                constant = "constant" in (left[0], right[0])
                if not matching and not constant and sign not in ("and", "or", "unless") and labels != others:
                    raise Problem(f"the sides of {sign} have different labels: {sorted(labels)}, {sorted(others)}")
                return labels | others if sign == "or" or constant else labels
        raise AssertionError(node)

    @staticmethod
    def is_new(left, right):
        """`last_over_time(M[10m]) unless last_over_time(M[1h] offset 10m)`: the counters that appeared in ten minutes."""
        if not (left[:2] == right[:2] == ("call", "last_over_time")):
            return False
        now, before = left[2][0], right[2][0]
        return now[:3] == before[:3] and now[4] is None and now[3] == before[4]

    def check_selector(self, name, matchers, span, above):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if name in self.metrics:
            kind, labels = self.metrics[name]
            if kind == "histogram":
                raise Problem(f"{name} is a histogram: it has _bucket, _sum and _count")
        elif self.metrics.get(base, ("", ()))[0] == "histogram":
            kind, labels = "counter", {"le"} if name.endswith("_bucket") else set()
        else:
            raise Problem(f"there is no metric {name}")
        self.names.add(name)
        labels = set(labels) | (set() if kind == "recorded" else ADDED)
        self.known([m[0] for m in matchers], labels, name)
        self.matched += [(name, *m) for m in matchers]
        if kind == "counter" and not (above == "new" or (above in OVER_COUNTERS and span)):
            raise Problem(f"{name} is a counter, and is used without rate or increase")
        if kind != "counter" and above in OVER_COUNTERS:
            raise Problem(f"{name} is no counter, and is used with {above}")
        if (span is not None) != (above == "new" or above in OVER_COUNTERS | {"delta", "deriv"} or str(above).endswith("_over_time")):
            raise Problem(f"{name} has a range where there may be none, or none where it needs one")
        return labels

    @staticmethod
    def known(used, labels, where):
        unknown = sorted(set(used) - set(labels))
        if unknown:
            raise Problem(f"{where} has no label {', '.join(unknown)}")
