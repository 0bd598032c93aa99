"""Calls PyPI's mailhog: mailhog_calls.py PORT CALLS (JSON: [[name, …], …])."""

import json
import sys

import mailhog

client = mailhog.Mailhog("127.0.0.1", int(sys.argv[1]))
latest = None


def shown(value: object) -> object:
    global latest
    if not isinstance(value, mailhog.Messages):
        return value
    latest = value.items[0] if value.items else None
    return {
        "total": value.total,
        "count": value.count,
        "items": [
            {
                "id": each.id,
                "sender": each.get_sender(),
                "recipients": each.get_recipients(),
                "subject": each.get_subject(),
                "body": each.content.body,
            }
            for each in value.items
        ],
    }


results = []
for name, *given in json.loads(sys.argv[2]):
    arguments = [latest if each == "$latest" else each for each in given]
    try:
        results.append({"value": shown(getattr(client, name)(*arguments))})
    except Exception as error:
        results.append({"error": f"{type(error).__name__}: {error}"})
names = [name for name in vars(mailhog.Mailhog) if not name.startswith("_")]
json.dump({"names": names, "results": results}, sys.stdout, default=str)
