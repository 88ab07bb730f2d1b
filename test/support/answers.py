# SPDX-License-Identifier: MIT
"""What a server answers, against docs/json/ (see json_schema.h)."""
import os
import subprocess

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Answers:
    """Collects answers; check() tells those that are not as their schema has them. `ftrain` is the program's path."""

    def __init__(self, ftrain):
        self.validate = os.path.join(os.path.dirname(ftrain), "..", "test", "json", "validate")
        self.lines = {}

    def add(self, method, path, answer, body):
        """Keeps the body where it is JSON that has a schema."""
        if not (answer.headers["Content-Type"] or "").startswith("application/json"):
            return
        route = path.split("?")[0]
        schemas = {"/v1/predict": "serve-predict", "/v1/explain": "serve-explain", "/v1/model": "serve-model"}
        schema = "serve-error" if answer.status >= 400 else schemas.get(route)
        if schema and method != "HEAD":
            self.lines.setdefault(schema, []).append(body.decode())

    def wrong(self):
        """What the checker says of those that are wrong; and the schemas that something was checked by."""
        found = []
        for schema, lines in self.lines.items():
            run = subprocess.run([self.validate, schema], input="".join(lines), capture_output=True, text=True, cwd=root)
            if run.returncode:
                found.append(run.stdout + run.stderr)
        return found, sorted(self.lines)
