# SPDX-License-Identifier: MIT
"""The cases of test_json.sh for python3-jsonschema:  json_oracle.py VALIDATE FOLDER, in any folder.

FOLDER holds a file of JSON lines for each schema. jsonschema must accept all of them, and the schemas themselves; and of
each object many wrong ones are made, on which jsonschema and VALIDATE, the tests' own checker, must agree."""
import copy
import json
import os
import pathlib
import subprocess
import sys

import jsonschema

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "test" / "support"))
from cases import check, finish  # noqa: E402

validate, folder = sys.argv[1], pathlib.Path(sys.argv[2])
schemas = {path.name: json.loads(path.read_text()) for path in sorted((root / "docs" / "json").glob("*.schema.json"))}
for name, schema in schemas.items():
    jsonschema.Draft202012Validator.check_schema(schema)
check("the schemas are schemas of draft 2020-12", len(schemas) >= 18)


def validator(name):
    base = "file:///" + name
    store = {"file:///" + other: schema for other, schema in schemas.items()}
    return jsonschema.Draft202012Validator(schemas[name], resolver=jsonschema.RefResolver(base, schemas[name], store=store))


def wrong_ones(value, path=()):
    """Copies of `value`, each changed in one place: a member more, one less, a value of another type or out of range."""
    if isinstance(value, dict):
        yield path, {**value, "unheard-of": 1}
        for key, member in list(value.items())[:30]:
            yield path + (key,), {other: kept for other, kept in value.items() if other != key}
            for where, changed in wrong_ones(member, path + (key,)):
                yield where, {**value, key: changed}
        return
    if isinstance(value, list):
        yield path, {}
        yield path, [*value, None]
        yield path, []
        for where, changed in wrong_ones(value[0], path + (0,)) if value else ():
            yield where, [changed, *value[1:]]
        return
    for other in (None, True, "text", 3, -1, 0.5, 1e9, [], {}):
        if type(other) is not type(value) or other != value:
            yield path, other


def own_verdicts(name, objects):
    text = "".join(json.dumps(each) + "\n" for each in objects)
    run = subprocess.run([validate, "--verdicts", name], input=text, capture_output=True, text=True, cwd=root, check=True)
    return [line == "yes" for line in run.stdout.splitlines()]


tried = 0
for file in sorted(folder.iterdir()):
    objects = [json.loads(line) for line in file.read_text().splitlines()]
    judge = validator(file.name + ".schema.json")
    check(f"jsonschema accepts all objects of {file.name}", [error.message for each in objects for error in judge.iter_errors(each)], [])
    shapes = {}
    for each in objects:
        shapes.setdefault(json.dumps(each, sort_keys=True).translate(str.maketrans("", "", "0123456789.-")), each)
    changed = [other for each in list(shapes.values())[:6] for _, other in wrong_ones(copy.deepcopy(each))]
    changed = changed[::max(1, len(changed) // 400)]
    expected = [judge.is_valid(each) for each in changed]
    differ = [(each, verdict) for each, verdict, own in zip(changed, expected, own_verdicts(file.name, changed)) if own != verdict]
    check(f"and both judge {file.name} alike where it is changed", differ[:1], [])
    check(f"many changed objects of {file.name} are wrong", expected.count(False) > 20)
    tried += len(changed)
check("some thousand changed objects were judged", tried > 1000)
finish()
