"""Holds the sources to the tables of Package.swift: a module imports what its line names, and a line names only layers below.

usage: modules.py [root]     prints each violation and exits with 1 if there is one. Where the root has no Package.swift, the project's own.
"""

import pathlib
import re
import sys

TOOLCHAIN = {"Dispatch", "FoundationEssentials", "Glibc", "Synchronization"}
# Only tests, and the client's test target, may use Foundation itself.
IN_TESTS = TOOLCHAIN | {"Foundation", "FoundationNetworking", "FoundationXML", "Testing"}
# Deciding code does no I/O.
PURE = {
    "Model", "Scheduling", "Flows", "FlowTesting", "FlowGraph", "Queue", "Store", "HTTP", "Secrets", "Sending", "Memory", "Calls", "SQS",
    "Lambda",
}
DRIVERS = {"Postgres", "Redis", "Curl", "Wiring"}

MODULE = re.compile(
    r'Module\(\s*"(?P<name>[^"]+)", at: "(?P<path>[^"]+)"'
    r'(?:,\s*imports:\s*(?:"""(?P<long>.*?)"""|"(?P<short>[^"]*)"))?[^)]*?(?P<kind>\.\w+)?\s*\)', re.S)
KINDS = "class|enum|func|protocol|struct|typealias|var"
IMPORT = re.compile(
    r"^[ \t]*(?:@\w+[ \t]+)*(?:(?:private|internal|fileprivate|package|public)[ \t]+)?import[ \t]+"
    rf"(?:(?:{KINDS})[ \t]+)?(\w+)", re.M)


def tables(manifest):
    """The modules by name: layer (None: of the tests), path, imports."""
    modules = {}
    product, tests = manifest.split("let tests = [")[0], manifest.split("let tests = [")[1].split("\n]")[0]
    for number, text in enumerate(re.split(r"// Layer \d+", product)):
        for found in MODULE.finditer(text if number else ""):
            modules[found["name"]] = (number, found)
    for found in MODULE.finditer(tests):
        modules[found["name"]] = (None, found)
    return {
        name: (layer, found["path"], set((found["long"] or found["short"] or "").replace("\\", " ").split()))
        for name, (layer, found) in modules.items()
    }


def violations(root, manifest):
    modules = tables(manifest)
    for name, (layer, path, imports) in modules.items():
        for other in sorted(imports & modules.keys()):
            above = modules[other][0]
            if layer is not None and (above is None or above >= layer):
                yield f"Package.swift: {name} imports {other}, which is in no layer below its own"
        if path.endswith("/Logic"):
            for driver in sorted(imports & DRIVERS):
                yield f"Package.swift: {name} imports {driver}; a function's logic knows no driver"
        allowed = imports | (IN_TESTS if layer is None else TOOLCHAIN)
        if name in PURE:
            allowed -= {"Dispatch", "Glibc"}
        for source in sorted((root / path).rglob("*.swift")):
            for imported in IMPORT.findall(source.read_text(encoding="utf-8")):
                if imported.replace("_", "-") not in allowed and imported not in allowed:
                    yield f"{source.relative_to(root)}: imports {imported}, which the line of {name} in Package.swift does not name"


def main():
    project = pathlib.Path(__file__).resolve().parent.parent.parent
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else project
    manifest = root / "Package.swift"
    if not manifest.exists():
        manifest = project / "Package.swift"
    found = list(violations(root, manifest.read_text(encoding="utf-8")))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
