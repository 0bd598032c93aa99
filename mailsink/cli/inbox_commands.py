"""`inboxes`: the inboxes of a running Mailsink, and the logins of their clients."""

from __future__ import annotations

from typing import Annotated

import typer

from mailsink.cli.api_client import DEFAULT_URL, ApiClient, AsJson, Url, part
from mailsink.cli.printing import add_row, as_json, console, say, table
from mailsink.terminal import plain

inboxes = typer.Typer(
    help="Inboxes, their credentials, and the conditions for their mail."
)

Slug = Annotated[str, typer.Argument(help="The slug of an inbox.")]
UserName = Annotated[str, typer.Argument(help="The name that clients log in with.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(inboxes, name="inboxes", no_args_is_help=True)


@inboxes.command("list")
def list_(json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """List the inboxes."""
    found = ApiClient(url).get("inboxes")["items"]
    if json:
        as_json(found)
        return
    made = table("slug", "name")
    for each in found:
        add_row(made, each["slug"], each["name"])
    console.print(made)


@inboxes.command()
def add(
    slug: Slug,
    name: Annotated[str, typer.Option(help="The name for people.")] = "",
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Make an inbox: [dim]inboxes add shop --name Shop[/dim]"""
    made = ApiClient(url).send("POST", "inboxes", {"slug": slug, "name": name})
    if json:
        as_json(made)
    else:
        say(f"The inbox {made['slug']} is ready.")


@inboxes.command()
def rename(
    slug: Slug,
    name: Annotated[str, typer.Argument(help="The new name for people.")],
    url: Url = DEFAULT_URL,
) -> None:
    """Rename an inbox; its slug stays."""
    ApiClient(url).send("PATCH", f"inboxes/{part(slug)}", {"name": name})


@inboxes.command()
def delete(
    slug: Slug,
    typed: Annotated[
        str,
        typer.Option("--yes", help="The slug again, to confirm.", prompt="Slug"),
    ],
    url: Url = DEFAULT_URL,
) -> None:
    """Put an inbox in the trash with its mail: [dim]inboxes delete shop --yes shop[/dim]"""
    if typed != slug:
        raise typer.BadParameter(f"type {slug} to delete it")
    ApiClient(url).send("DELETE", f"inboxes/{part(slug)}")


@inboxes.command()
def restore(slug: Slug, url: Url = DEFAULT_URL) -> None:
    """Restore an inbox from the trash, with its mail."""
    ApiClient(url).send("POST", f"inboxes/{part(slug)}/restore")


@inboxes.command()
def credentials(slug: Slug, json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """List the logins of an inbox."""
    found = ApiClient(url).get(f"inboxes/{part(slug)}/credentials")["items"]
    if json:
        as_json(found)
        return
    made = table("user name", "CRAM-MD5", "old password until")
    for each in found:
        cram = "yes" if each["cram_md5"] else ""
        add_row(made, each["username"], cram, each["old_until"] or "")
    console.print(made)


@inboxes.command()
def credential(
    slug: Slug,
    username: UserName,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="A new password for an existing login.")
    ] = False,
    overlap: Annotated[
        int, typer.Option(help="Seconds for which the old password stays valid.")
    ] = 0,
    cram_md5: Annotated[
        bool, typer.Option("--cram-md5", help="Allow CRAM-MD5.")
    ] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Make a login for an inbox, and print its password, which is shown only once."""
    path = f"inboxes/{part(slug)}/credentials"
    if rotate:
        turn = f"{path}/{part(username)}/rotate"
        made = ApiClient(url).send("POST", turn, {"overlap": overlap})
    else:
        given = {"username": username, "cram_md5": cram_md5}
        made = ApiClient(url).send("POST", path, given)
    print(plain(made["password"]))


@inboxes.command()
def revoke(slug: Slug, username: UserName, url: Url = DEFAULT_URL) -> None:
    """Revoke a login: it is no longer valid."""
    ApiClient(url).send("DELETE", f"inboxes/{part(slug)}/credentials/{part(username)}")
