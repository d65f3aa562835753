"""Rights and passwords of Kafka's users, asked for in Kafka's own protocol: its tools are a Java process for each."""

import hashlib
import os
import socket
import struct

from harness.suite import expect

CREATE_ACLS, DELETE_ACLS, ALTER_SCRAM = 30, 31, 51
RESOURCES = {"topic": 2, "group": 3}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {"All": 2, "Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8}
ALLOW, SHA512, ITERATIONS = 3, 2, 4096


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def compact(value):
    """Bytes of less than 127, as the newer messages have them."""
    return bytes([len(value) + 1]) + value


def ask(address, key, version, body, is_flexible=False):
    """The answer's body."""
    header = struct.pack(">hhi", key, version, 1) + text("test") + (b"\0" if is_flexible else b"")
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(struct.pack(">i", len(header + body)) + header + body)
        stream = connection.makefile("rb")
        size, = struct.unpack(">i", stream.read(4))
        return stream.read(size)[5 if is_flexible else 4:]


def acl(principal, rights):
    """rights: (resource's type, its name, pattern, operation), each one for all hosts."""
    for kind, name, pattern, operation in rights:
        yield (struct.pack(">b", RESOURCES[kind]) + text(name) + struct.pack(">b", PATTERNS[pattern]) + text(principal) +
               text("*") + struct.pack(">bb", OPERATIONS[operation], ALLOW))


def grant(address, principal, rights):
    all_of_them = list(acl(principal, rights))
    answer = ask(address, CREATE_ACLS, 1, struct.pack(">i", len(all_of_them)) + b"".join(all_of_them))
    expect_good(answer, len(all_of_them), "CreateAcls")


def revoke(address, principal, rights):
    all_of_them = list(acl(principal, rights))  # a filter has the same members
    answer = ask(address, DELETE_ACLS, 1, struct.pack(">i", len(all_of_them)) + b"".join(all_of_them))
    count, error = struct.unpack(">ih", answer[4:10])
    expect((count, error) == (len(all_of_them), 0), f"DeleteAcls: {answer!r}")


def expect_good(answer, count, what):
    """A throttle time, and for each an error code and a text that is empty."""
    expect(answer == struct.pack(">ii", 0, count) + struct.pack(">hh", 0, 0) * count, f"{what}: {answer!r}")


def set_password(address, user, password):
    """SCRAM-SHA-512."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    upsertion = (compact(user.encode()) + struct.pack(">bi", SHA512, ITERATIONS) + compact(salt) + compact(salted) + b"\0")
    answer = ask(address, ALTER_SCRAM, 0, b"\1\2" + upsertion + b"\0", is_flexible=True)
    expect(answer[:5] == struct.pack(">ib", 0, 2) and answer[5 + 1 + len(user):][:2] == b"\0\0",
           f"AlterUserScramCredentials: {answer!r}")
