#!/usr/bin/env python3
"""What may be linked, and where from: one TLS stack in what ships, rooms that import what they may,
licences and sources of deny.toml. Needs no network and no tool but cargo."""

import json
import re
import subprocess
import sys
import tomllib

# What a deployed function can contain.
SHIPPED = ["domain", "app", "platform", "functions"]

# Each would bring back a second TLS or HTTP stack: twice the binary, and 30 ms more for the first call.
BANNED = {
    "aws-lc-sys": "",
    "aws-lc-rs": "",
    "openssl-sys": "",
    "rustls": "0.21.",
    "hyper": "0.14.",
    "h2": "0.3.",
}
# Linked once or not at all.
SINGLE = ["hyper", "rustls", "http", "tokio", "ring"]

# The rooms without I/O: nothing that could reach a network, a clock, a file or a vendor.
ROOMS = {
    "domain": {"serde", "rust_decimal", "jiff", "thiserror", "ulid", "sha2", "hex"},
    "app": {"domain", "serde", "thiserror", "tracing", "hmac", "ulid", "sha2", "subtle", "hex"},
}


def cargo(*arguments):
    """The output of cargo. A failing cargo ends the check: silence must never read as consent."""
    return subprocess.run(["cargo", *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout


def graph_problems(tree):
    """What is wrong with a list of `name version` lines."""
    versions = {}
    for name, version in re.findall(r"^(\S+) v(\d\S*)", tree, re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    for name, start in BANNED.items():
        for version in sorted(versions.get(name, ())):
            if version.startswith(start):
                yield f"{name} {version} is linked; see `cargo tree -e normal -i {name}@{version}`"
    for name in SINGLE:
        if len(versions.get(name, ())) > 1:
            yield f"{name} is linked in several versions: {', '.join(sorted(versions[name]))}"
    if "lambda_runtime" not in versions:
        yield "the list of what ships is not complete: lambda_runtime is missing"


def shipped_problems():
    packages = [word for name in SHIPPED for word in ("-p", name)]
    for target in ("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"):
        options = ["--locked", "--edges", "normal", "--prefix", "none", "--target", target]
        for problem in graph_problems(cargo("tree", *packages, *options)):
            yield f"{target}: {problem}"


def room_problems(packages):
    for room, allowed in ROOMS.items():
        package = next(it for it in packages if it["name"] == room and it["source"] is None)
        used = {it["name"] for it in package["dependencies"] if it["kind"] is None}
        for name in sorted(used - allowed):
            yield f"{room} may not depend on {name}"


def is_allowed(expression, allowed):
    """Whether an SPDX expression can be met with the allowed licences."""
    words = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def take():
        nonlocal position
        position += 1
        return words[position - 1]

    def peek():
        return words[position] if position < len(words) else None

    def one():
        if peek() == "(":
            take()
            met = either()
            take()
            return met
        name = take()
        if peek() == "WITH":
            name = f"{name} {take()} {take()}"
        return name in allowed

    def both():
        met = one()
        while peek() == "AND":
            take()
            met = one() and met
        return met

    def either():
        met = both()
        while peek() == "OR":
            take()
            met = both() or met
        return met

    return either()


def supply_problems(packages, deny):
    allowed = set(deny["licenses"]["allow"])
    exceptions = {it["crate"]: set(it["allow"]) for it in deny["licenses"].get("exceptions", [])}
    banned = {it["crate"] for it in deny["bans"]["deny"]}
    for package in packages:
        name, source = package["name"], package["source"]
        place = f"{name} {package['version']}"
        if name in banned:
            yield f"{place} is banned"
        if source not in (None, *(f"registry+{it}" for it in deny["sources"]["allow-registry"])):
            yield f"{place} comes from {source}"
        licence = package["license"]
        if not licence or not is_allowed(licence, allowed | exceptions.get(name, set())):
            yield f"{place} is licensed as {licence}"


def prove_that_guards_can_fail():
    """A guard that cannot fail guards nothing."""
    good = "lambda_runtime v1.5.0\nhyper v1.12.0\nrustls v0.23.46"
    assert not list(graph_problems(good))
    for bad in ("aws-lc-sys v0.30.0", "rustls v0.21.12", "hyper v0.14.32", "hyper v1.2.0"):
        assert list(graph_problems(f"{good}\n{bad}")), bad
    assert list(graph_problems("")), "an empty list"
    assert is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0", {"MIT", "Unicode-3.0"})
    assert not is_allowed("MIT AND GPL-3.0-only", {"MIT"})
    assert not is_allowed("Apache-2.0 WITH LLVM-exception", {"Apache-2.0"})


def main():
    prove_that_guards_can_fail()
    with open("deny.toml", "rb") as file:
        deny = tomllib.load(file)
    packages = json.loads(cargo("metadata", "--locked", "--format-version", "1"))["packages"]
    problems = [*shipped_problems(), *room_problems(packages), *supply_problems(packages, deny)]
    for problem in problems:
        print(f"guard: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"guards: {len(packages)} packages, one TLS stack in what ships")


main()
