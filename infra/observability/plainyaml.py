"""The part of YAML that the rules and their tests are written in: mappings, lists, and texts of one line or folded.

Anything else is refused.
"""

import re

KEY = re.compile(r"([A-Za-z_]\w*):(?: (.*))?$")


def load(text):
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        lines.append((number, len(line) - len(line.lstrip()), line.strip()))
    reader = Reader(lines)
    value = reader.block(0)
    if reader.peek():
        raise ValueError(f"line {reader.peek()[0]} is not understood")
    return value


class Reader:
    def __init__(self, lines):
        self.lines, self.at = lines, 0

    def peek(self):
        """The next line that says something, or None."""
        while self.at < len(self.lines) and (not self.lines[self.at][2] or self.lines[self.at][2].startswith("#")):
            self.at += 1
        return self.lines[self.at] if self.at < len(self.lines) else None

    def block(self, indent):
        line = self.peek()
        if not line or line[1] < indent:
            return None
        return self.list(line[1]) if line[2].startswith("- ") else self.mapping(line[1])

    def list(self, indent):
        found = []
        while (line := self.peek()) and line[1] == indent and line[2].startswith("- "):
            number, _, content = line
            if KEY.match(content[2:]):
                # The dash is part of the indentation of what follows.
                self.lines[self.at] = (number, indent + 2, content[2:])
                found.append(self.mapping(indent + 2))
            else:
                self.at += 1
                found.append(self.scalar(content[2:], number))
        return found

    def mapping(self, indent):
        found = {}
        while (line := self.peek()) and line[1] == indent:
            number, _, content = line
            match = KEY.match(content)
            if not match or match[1] in found:
                raise ValueError(f"line {number} is not understood, or its key is there twice")
            key, value = match.groups()
            self.at += 1
            if value in ("|", ">-"):
                found[key] = self.text(indent, " " if value == ">-" else "\n")
            elif value:
                found[key] = self.scalar(value, number)
            else:
                following = self.peek()
                inner = indent if following and following[2].startswith("- ") and following[1] == indent else indent + 1
                found[key] = self.block(inner)
        return found

    def text(self, indent, joint):
        parts = []
        while self.at < len(self.lines) and self.lines[self.at][2] and self.lines[self.at][1] > indent:
            parts.append(self.lines[self.at][2])
            self.at += 1
        return joint.join(parts)

    @staticmethod
    def scalar(text, number):
        if len(text) > 1 and text[0] == text[-1] == "'":
            return text[1:-1].replace("''", "'")
        if text[0] in "\"'{[&*!|>%@`" or ": " in text or " #" in text:
            raise ValueError(f"line {number}: {text} is not understood")
        return text
