"""tools/words: each kind is found where it is, and what is meant is let pass."""

from __future__ import annotations

import json
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "words"


@pytest.fixture(scope="module")
def words() -> ModuleType:
    loader = SourceFileLoader("words", str(TOOL))
    spec = spec_from_loader("words", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


DOC = '"""A module."""\n'
WRONG = [
    (
        "class names used twice",
        {"inbox/a.py": f"{DOC}class Row: pass\n", "mailsink/b.py": f"{DOC}class Row: pass\n"},
        ["inbox/a.py:2", "mailsink/b.py:2"],
    ),
    (
        "module names used twice",
        {"inbox/rows.py": DOC, "mailsink/smtp/rows.py": DOC, "static/js/rows.js": "// One.\n"},
        ["inbox/rows.py:1", "mailsink/smtp/rows.py:1"],
    ),
    (
        "template lines over 120 columns",
        {"templates/a.html": f"<p>\n{'x' * 121}\n"},
        ["templates/a.html:2"],
    ),
    (
        "hard-coded paths in templates",
        {"templates/a.html": '<a href="/messages/1">\n<form hx-post=\'/\'>\n'},
        ["templates/a.html:1,2"],
    ),
    (
        "hard-coded paths in Python",
        {"inbox/views/a.py": f'{DOC}at = f"/messages/{{id}}"\nto = redirect("/settings#all")\n'},
        ["inbox/views/a.py:2,3"],
    ),
    (
        "hard-coded paths in scripts",
        {"static/js/a.js": "// One.\nfetch(`/messages/${id}`);\n"},
        ["static/js/a.js:2"],
    ),
    (
        "pieces of sentences in Python",
        {"inbox/a.py": f'{DOC}a = _(" after %(x)s") % b\nc = f"{{_(AT)}} x"\nd = "x" + _("at %(x)s") % b\n'
                       'e = gettext_noop(", once")\nf = ngettext("of ", "of", 1)\n'},
        ["inbox/a.py:2,3,4,5,6"],
    ),
    (
        "pieces of sentences in templates",
        {"templates/a.html": "{% translate '· Shop' %}\n{% blocktranslate with a=b %}, {{ a }}{% endblocktranslate %}\n"
                             "{% if a %}{% translate 'yet' %}{% endif %}.\n"},
        ["templates/a.html:1,2,3"],
    ),
    (
        "pieces of sentences in scripts",
        {"static/js/a.js": "// One.\na = `x ${gettext('b')}`;\nc = 'x' + gettext('b');\nd = gettext(' b');\n"},
        ["static/js/a.js:2,3,4"],
    ),
    (
        "modules without a docstring",
        {"inbox/a.py": "# a comment\n", "inbox/b/__init__.py": "", "static/js/a.js": "let a;\n"},
        ["inbox/a.py:1", "inbox/b/__init__.py:1", "static/js/a.js:1"],
    ),
    (
        "docstrings that begin with two lines",
        {"inbox/a.py": 'def f():\n    """Do it, but not\n    now.\n    """\n\ndef g():\n    """Do it.\n\n    But not\n    now.\n    """\n'},
        ["inbox/a.py:2"],
    ),
    (
        "clauses as subjects in docs",
        {"docs/a.md": "Fine. Who sends\nmuch is slow.\n\n- What is left goes.\n"},
        ["docs/a.md:1,4"],
    ),
    (
        "clauses as subjects in docstrings",
        {"inbox/a.py": 'def f():\n    """Do it.\n\n    That the text is long does not matter.\n    """\n'},
        ["inbox/a.py:4"],
    ),
    ('old word "blank"', {"docs/a.md": "Two blanks.\n"}, ["docs/a.md:1"]),
    ('old word "cure"', {"inbox/a.py": f"{DOC}\nthe_cure = 1\n"}, ["inbox/a.py:3"]),
    ('old word "balancer"', {"templates/a.html": "A balancer\n"}, ["templates/a.html:1"]),
    ('old word "level"', {"inbox/a.py": f'{DOC}level = "breaks"\n'}, ["inbox/a.py:2"]),
    (
        'old name "told"',
        {"inbox/a.py": f"{DOC}class Told: pass\n", "static/js/told.js": "// One.\n"},
        ["static/js/told.js:1", "inbox/a.py:2"],
    ),
    ('old name "story"', {"inbox/a.py": f"{DOC}class RetryStory: pass\nthe_history = 1\n"}, ["inbox/a.py:2"]),
    ('old word "tell"', {"README.md": "It is told.\n", "inbox/a.py": f"{DOC}a.tell()\nb = 1  # telling\n"}, ["README.md:1", "inbox/a.py:3"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "files", "places"), WRONG, ids=lambda each: str(each)[:40]
)
def test_it_is_found(
    kind: str, files: dict[str, str], places: list[str], words: ModuleType, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write(tmp_path, {**files, words.MAXIMA: "{}"})
    assert words.main([], tmp_path) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if kind in line]
    assert [line.split(": ")[0] for line in lines[:-1]] == places
    count = sum(place.count(",") + 1 for place in places)
    assert lines[-1] == f"{kind}: {count}, and at most 0 are allowed"


MEANT = {
    "inbox/a.py": f"{DOC}class Command: pass\nblank=True\nat = '/tmp/messages'\n",
    "inbox/marked.py": f'{DOC}a = _("%(a)s, once") % b\nc = _("(none)")\nd = gettext_noop(".NET")\n',
    "static/js/words.js": '// Words.\na = fill(gettext("%(a)s of %(b)s"), b);\n',
    "templates/b.html": "{% translate '.eml' %}{% blocktranslate %}A <b>b</b>.{% endblocktranslate %}\n",
    "inbox/urls.py": f"{DOC}urls = '/messages/'\n",
    "mailsink/b.py": f'{DOC}class Command(Protocol): pass\n"A blank line."\n',
    "mailsink/urls.py": DOC,
    "mailsink/ports.py": f"{DOC}class Recorder(Protocol): pass\nclass _Part: pass\n",
    "inbox/recorder.py": f"{DOC}class Recorder: pass\nclass _Part: pass\n",
    "inbox/views/trace.py": DOC,
    "inbox/trace.py": DOC,
    "static/js/trace.js": "// The page of it.\n",
    "templates/a.html": f'<a href="//x.example" target="_blank">{"x" * 60}\n',
    "docs/a.md": "# What it is\n\nA load balancer. What is it?\n\n```\nWho is it.\n```\n",
}


def test_what_is_meant_passes(words: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, MEANT)
    assert words.report(words.look(tmp_path), {}) == []


def test_a_maximum_only_goes_down(words: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.md": "a door\n\na door\n"})
    kept = tmp_path / words.MAXIMA
    kept.parent.mkdir()

    kept.write_text(json.dumps({'old word "door"': 3, 'old word "cure"': 1}))
    assert words.main([], tmp_path) == 0
    assert words.main(["--lower"], tmp_path) == 0
    assert json.loads(kept.read_text()) == {'old word "door"': 2}

    write(tmp_path, {"docs/b.md": "a door\n"})
    assert words.main([], tmp_path) == 1
    assert words.main(["--lower"], tmp_path) == 0
    assert json.loads(kept.read_text()) == {'old word "door"': 2}


def test_a_wrong_call_says_how(words: ModuleType, tmp_path: Path) -> None:
    assert words.main(["--raise"], tmp_path) == 2
