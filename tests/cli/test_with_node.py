"""The helper of docs/with/node.md, as it stands there, run by Node."""

from __future__ import annotations

import json
import re
import smtplib
import subprocess
from pathlib import Path

from tests.running import ROOT, Mailsink

_HELPER = re.compile(r"^```js\n(// mail\.mjs\n.*?)^```$", re.MULTILINE | re.DOTALL)
_USE = """
import { waitForMail } from "./mail.mjs";
const [to, timeout] = process.argv.slice(2);
try {
  const { subject, codes, links } = await waitForMail(`to:${to}`, { timeout });
  console.log(JSON.stringify({ subject, codes, url: links[0].url }));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
}
"""


def test_the_helper_waits_and_says_what_came(
    mailsink: Mailsink, tmp_path: Path
) -> None:
    helper = _HELPER.search((ROOT / "docs/with/node.md").read_text())
    assert helper is not None
    (tmp_path / "mail.mjs").write_text(helper[1])
    (tmp_path / "use.mjs").write_text(_USE)
    with smtplib.SMTP(*mailsink.smtp) as client:
        body = "To: ann@example.com\nSubject: Hi\n\nYour code is 482913: https://shop.test/confirm"
        client.sendmail("shop@example.com", ["ann@example.com"], body)

    def used(*arguments: str) -> dict[str, object]:
        done = subprocess.run(
            ["node", "use.mjs", *arguments],
            cwd=tmp_path,
            env={"MAILSINK_URL": mailsink.url, "PATH": "/usr/bin:/usr/local/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert not done.returncode, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    assert used("ann@example.com", "10") == {
        "subject": "Hi", "codes": ["482913"], "url": "https://shop.test/confirm",
    }  # fmt: skip
    assert "nearest: ann@example.com" in str(used("amn@example.com", "0")["error"])
