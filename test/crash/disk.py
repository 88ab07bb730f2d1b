# SPDX-License-Identifier: MIT
"""What a crash may leave of a folder: every state that the disk can be in when power fails, from a recording of what a
program did to its files (test/crash/record.c).

The idea is that of ALICE (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014) and of SQLite's crash tests:
nothing that was not synced is relied on. The disk of this model promises what POSIX does and no more:

- A file's bytes are on the disk once fsync() of it has returned. Until then every write to it may be there, be lost, or be
  torn at any multiple of 512 or 4096 bytes; its size may be changed and the bytes be zeros; or it may end anywhere in between.
  Sizes change in the order in which they were asked for.
- A name is on the disk once fsync() of its folder has returned; fsync() of the file itself does not do it. Until then every
  creation, link, renaming and removal may be there or be lost, each for itself: a renaming may come before the bytes of what
  was renamed. One renaming is there as a whole or not at all.
- What was there when the recording began is on the disk.

A file system that is used is milder (ext4 keeps names in order, and with auto_da_alloc writes bytes before a renaming)."""
import hashlib
import os
import random
import struct
from itertools import islice

OPEN, WRITE, TRUNCATE, SYNC, RENAME, LINK, UNLINK, MKDIR, RMDIR, MARK = range(1, 11)
HEAD = struct.Struct("<iiqII")
SECTOR, PAGE = 512, 4096


class File:
    """Bytes that are on the disk, and what was done to them since: ("write", offset, bytes) or ("size", bytes)."""

    def __init__(self, durable=b""):
        self.durable, self.pending, self.live = durable, [], bytearray(durable)

    def write(self, offset, data):
        self.pending.append(("write", offset, data))
        put(self.live, offset, data)

    def truncate(self, size):
        self.pending.append(("size", size, None))
        resize(self.live, size)

    def sync(self):
        self.durable, self.pending = bytes(self.live), []


class Folder:
    def __init__(self):
        self.durable, self.live = {}, {}


def resize(content, size):
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


def put(content, offset, data):
    if offset + len(data) > len(content):
        resize(content, offset + len(data))
    content[offset:offset + len(data)] = data


def load(path):
    """The folder on the disk, as a Folder."""
    folder = Folder()
    for entry in os.scandir(path):
        if entry.is_dir(follow_symlinks=False):
            folder.durable[entry.name] = load(entry.path)
        else:
            with open(entry.path, "rb") as file:
                folder.durable[entry.name] = File(file.read())
    folder.live = dict(folder.durable)
    return folder


def tree(folder, entries=lambda folder: folder.live, content=lambda file: bytes(file.live), prefix=""):
    """{path: bytes, of a folder None}."""
    found = {}
    for name, node in entries(folder).items():
        if isinstance(node, File):
            found[prefix + name] = content(node)
        else:
            found[prefix + name] = None
            found.update(tree(node, entries, content, prefix + name + "/"))
    return found


def store(found, path):
    """Makes the folder hold that tree and nothing else."""
    for entry in os.scandir(path):
        remove(entry)
    for name in sorted(found):  # a folder comes before what is in it
        whole = os.path.join(path, name)
        if found[name] is None:
            os.mkdir(whole)
        else:
            with open(whole, "wb") as file:
                file.write(found[name])


def remove(entry):
    if entry.is_dir(follow_symlinks=False):
        for inner in os.scandir(entry.path):
            remove(inner)
        os.rmdir(entry.path)
    else:
        os.unlink(entry.path)


class Disk:
    """The folder `root` while a recording is played."""

    def __init__(self, root):
        self.path, self.root = os.path.realpath(root), load(root)
        self.names = []  # what was done to names since their folders were synced: lists of (folder, name, node or None)
        self.open = {}   # by descriptor
        self.mark = 0

    # ---- where a path leads ----

    def inside(self, path):
        """The parts of the path below the root; None: it is elsewhere."""
        path = os.path.normpath(path)
        if path == self.path:
            return []
        return path[len(self.path) + 1:].split("/") if path.startswith(self.path + "/") else None

    def find(self, parts):
        node = self.root
        for part in parts:
            node = node.live.get(part)
        return node

    def place(self, path):
        """(folder, name), or None."""
        parts = self.inside(path)
        return (self.find(parts[:-1]), parts[-1]) if parts else None

    def change(self, *changes):
        changes = [change for change in changes if change[0]]
        for folder, name, node in changes:
            folder.live.pop(name, None)
            if node is not None:
                folder.live[name] = node
        if changes:
            self.names.append(changes)

    def sync_names(self, folder):
        left = []
        for changes in self.names:
            if all(of is not folder for of, _, _ in changes):
                left.append(changes)
                continue
            for of, name, node in changes:
                apply(of.durable, name, node)
        self.names = left

    # ---- playing ----

    def do(self, what, descriptor, number, first, second):
        """One record; whether it changed what a crash may leave."""
        path = os.fsdecode(first)
        if what == OPEN:
            return self.do_open(descriptor, number, path)
        if what == MARK:
            self.mark = number
        node = self.open.get(descriptor)
        if what == WRITE and node:
            node.write(number, first)
        elif what == TRUNCATE and node:
            node.truncate(number)
        elif what == SYNC and isinstance(node, File):
            node.sync()
        elif what == SYNC and node:
            self.sync_names(node)
        elif what in (RENAME, LINK, UNLINK, MKDIR, RMDIR):
            return self.do_names(what, path, os.fsdecode(second))
        else:
            return what == MARK
        return True

    def do_open(self, descriptor, flags, path):
        self.open.pop(descriptor, None)
        parts = self.inside(path)
        if parts is None:
            return False
        node = self.find(parts)
        if node is None:
            node = File()
            self.change((*self.place(path), node))
        elif flags & os.O_TRUNC and isinstance(node, File):
            node.truncate(0)
        self.open[descriptor] = node
        return True

    def do_names(self, what, path, second):
        place, other = self.place(path), self.place(second) if second else None
        node = place and place[0].live.get(place[1])
        if not place and not other:
            return False
        if what == MKDIR:
            self.change((*place, Folder()))
        elif what in (UNLINK, RMDIR):
            self.change((*place, None))
        elif what == RENAME:
            self.change((*place, None), (*other, node))
        else:
            if not place:
                with open(path, "rb") as file:
                    node = File(file.read())
            self.change((*other, node))
        return True

    # ---- what a crash leaves now ----

    def live(self):
        return tree(self.root)

    def state(self, kept_names, keep):
        """With those of self.names of which the number is in kept_names; keep(file) gives the bytes of each."""
        entries = {}
        for number in kept_names:
            for folder, name, node in self.names[number]:
                apply(entries.setdefault(id(folder), dict(folder.durable)), name, node)
        return tree(self.root, lambda folder: entries.get(id(folder), folder.durable), keep)

    def states(self, rng, tries):
        """Trees: the extremes, each single change of a name lost or alone there, and so many drawn by chance."""
        count = len(self.names)
        every, none = range(count), ()
        keeps = [whole, lost, sized, lambda file: torn(file, rng, SECTOR), lambda file: torn(file, rng, PAGE),
                 lambda file: torn(file, rng, 1)]
        for keep in keeps:
            yield self.state(every, keep)
            yield self.state(none, keep)
        for number in every:
            for keep in keeps[:3]:
                yield self.state([n for n in every if n != number], keep)
                yield self.state([number], keep)
        for _ in range(tries):
            yield self.state([n for n in every if rng.random() < 0.5], lambda file: drawn(file, rng))


def apply(entries, name, node):
    entries.pop(name, None)
    if node is not None:
        entries[name] = node


# ---- what is left of a file's bytes ----

def left_of(file, pending, sizes, keeps):
    """The bytes where the first `sizes` of what is pending have changed the size, and keeps(number) says whether the bytes of a
    write are there. What was written behind a change of size that is lost can be there only in what is overwritten."""
    content = bytearray(file.durable)
    for number, (what, at, data) in enumerate(pending):
        if what == "size":
            if number >= sizes:
                break
            resize(content, at)
        else:
            end = at + len(data)
            if number < sizes and end > len(content):
                resize(content, end)
            if keeps(number):
                content[at:min(end, len(content))] = data[:max(0, len(content) - at)]
    return bytes(content)


def whole(file):
    return bytes(file.live) if file.pending else file.durable


def lost(file):
    return file.durable


def sized(file):
    """Sizes without bytes."""
    return left_of(file, file.pending, len(file.pending), lambda number: False)


def cut(pending, number, at):
    """What is pending, with write `number` as two, the first up to the offset `at`."""
    what, offset, data = pending[number]
    if what == "size" or not offset < at < offset + len(data):
        return pending
    pieces = [("write", offset, data[:at - offset]), ("write", at, data[at - offset:])]
    return pending[:number] + pieces + pending[number + 1:]


def torn(file, rng, unit):
    """The writes in their order up to some one, of which there is a beginning."""
    if not file.pending:
        return file.durable
    number = rng.randrange(len(file.pending))
    what, offset, data = file.pending[number]
    at = 0 if what == "size" else (offset + rng.randrange(len(data) + 1)) // unit * unit
    pending = cut(file.pending, number, at)
    end = number + (len(pending) > len(file.pending))
    return left_of(file, pending, end, lambda n: n < end)


def drawn(file, rng):
    """By chance: how far sizes have come, and which sectors or pages of which writes are there."""
    pending, unit = list(file.pending), rng.choice((SECTOR, PAGE, 1 << 40))
    number = 0
    while number < len(pending) and len(pending) < 200:
        what, offset, _ = pending[number]
        pending = cut(pending, number, (offset // unit + 1) * unit) if what == "write" else pending
        number += 1
    sizes, share = rng.randrange(len(pending) + 1), rng.choice((0.1, 0.5, 0.9))
    there = [rng.random() < share for _ in pending]
    return left_of(file, pending, sizes, lambda n: there[n])


# ---- recordings ----

def records(path):
    with open(path, "rb") as log:
        while head := log.read(HEAD.size):
            what, descriptor, number, size, second = HEAD.unpack(head)
            yield what, descriptor, number, log.read(size), log.read(second)


def write_mark(path, number):
    """What is recorded so far is done."""
    with open(path, "ab") as log:
        log.write(HEAD.pack(MARK, -1, number, 0, 0))


class Crash:
    """A state: what is in the folder, what the program had marked as done, and whether it had ended."""

    def __init__(self, found, mark, is_end, after):
        self.found, self.mark, self.is_end, self.after = found, mark, is_end, after


def digest(found, mark, is_end):
    total = hashlib.blake2b(repr((mark, is_end)).encode(), digest_size=16)
    for name in sorted(found):
        content = found[name]
        total.update(os.fsencode(name) + (b"/" if content is None else hashlib.blake2b(content, digest_size=16).digest()))
    return total.digest()


def crashes(disk, log, seed, tries):
    """Every distinct Crash, in order; plays the recording on the disk."""
    rng, seen = random.Random(seed), set()
    everything = list(records(log))
    for after, record in enumerate(everything):
        is_end = after + 1 == len(everything)
        if not disk.do(*record) and not is_end:
            continue
        for found in disk.states(rng, tries):
            key = digest(found, disk.mark, is_end)
            if key not in seen:
                seen.add(key)
                yield Crash(found, disk.mark, is_end, after)


def sample(items, most, seed):
    """(those chosen, how many there were): all at the program's end, and of the others as many as there is room for."""
    rng, ends, others, count = random.Random(seed), [], [], 0
    for crash in items:
        count += 1
        if crash.is_end:
            ends.append(crash)
            continue
        if len(others) < most:
            others.append(crash)
        elif (at := rng.randrange(count)) < most:
            others[at] = crash
    rng.shuffle(ends)
    return ends[:max(2, most // 4)] + list(islice(others, most)), count
