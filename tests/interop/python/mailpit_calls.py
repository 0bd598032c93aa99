"""Calls PyPI's mailpit-api-client: mailpit_calls.py URL CALLS (JSON: [[name, …], …])."""

import dataclasses
import json
import sys

from mailpit.client.api import API


def shown(value: object) -> object:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value


client = API(sys.argv[1])
results = []
for name, *given in json.loads(sys.argv[2]):
    try:
        results.append({"value": shown(getattr(client, name)(*given))})
    except Exception as error:
        results.append({"error": f"{type(error).__name__}: {error}"})
names = [name for name in vars(API) if name.islower() and not name.startswith("_")]
json.dump({"names": names, "results": results}, sys.stdout, default=str)
